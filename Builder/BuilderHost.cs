namespace Orrery.Builder;

/// <summary>The service as <c>Program.cs</c> and the tests start it.</summary>
internal static class BuilderHost
{
    public static WebApplication Build(string[] args)
    {
        var builder = WebApplication.CreateBuilder(args);
        builder.AddServiceDefaults();
        builder.AddBuilder();

        var app = builder.Build();
        app.MapDefaultEndpoints();
        app.MapBuilder();
        return app;
    }
}
