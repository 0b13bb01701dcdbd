namespace Orrery.Catalogue;

/// <summary>The service as <c>Program.cs</c> and the tests start it.</summary>
internal static class CatalogueHost
{
    public static WebApplication Build(string[] args)
    {
        var builder = WebApplication.CreateBuilder(args);
        builder.AddServiceDefaults();
        builder.AddCatalogue();

        var app = builder.Build();
        app.MapDefaultEndpoints();
        app.MapCatalogue();
        return app;
    }
}
