namespace Orrery.Catalogue;

/// <summary>The service as <c>Program.cs</c> and the tests start it.</summary>
internal static class CatalogueHost
{
    public static WebApplication Build(string[] args)
    {
        // Settings lie beside the program, unless it was started where others are.
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { Args = args, ContentRootPath = File.Exists("appsettings.json") ? null : AppContext.BaseDirectory });
        builder.AddServiceDefaults();
        builder.AddCatalogue();

        var app = builder.Build();
        app.MapDefaultEndpoints();
        app.MapCatalogue();
        return app;
    }
}
