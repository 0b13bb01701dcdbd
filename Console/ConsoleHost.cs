namespace Orrery.WebConsole;

/// <summary>The service as <c>Program.cs</c> and the tests start it.</summary>
internal static class ConsoleHost
{
    public static WebApplication Build(string[] args)
    {
        var builder = WebApplication.CreateBuilder(args);
        builder.AddServiceDefaults();
        builder.AddConsole();

        var app = builder.Build();
        app.MapDefaultEndpoints();
        app.MapConsole();
        return app;
    }
}
