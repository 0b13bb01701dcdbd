namespace Orrery.Gateway;

/// <summary>The gateway as a web application; the program runs it and tests start it on ports of their own.</summary>
internal static class GatewayHost
{
    public static WebApplication Build(params string[] args)
    {
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions
        {
            Args = args,
            ApplicationName = typeof(GatewayHost).Assembly.GetName().Name,
        });
        builder.AddServiceDefaults();
        builder.AddGateway();

        var app = builder.Build();
        app.MapDefaultEndpoints();
        app.MapGateway();
        return app;
    }
}
