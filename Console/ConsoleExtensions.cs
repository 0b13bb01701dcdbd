using Microsoft.Extensions.Options;
using Orrery.ServiceDefaults;
using Orrery.WebConsole.Assets;
using Orrery.WebConsole.Pages;
using Orrery.WebConsole.SignIn;
using Orrery.WebConsole.Stores;

namespace Orrery.WebConsole;

/// <summary>Everything the Console is made of, a block for each folder.</summary>
internal static class ConsoleExtensions
{
    public static void AddConsole(this WebApplicationBuilder builder)
    {
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.AddServerHeader = false);
        builder.Services.AddOptions<ConsoleOptions>().BindConfiguration(ConsoleOptions.Section).ValidateOnStart();
        builder.Services.AddSingleton<IValidateOptions<ConsoleOptions>, ConsoleOptionsValidator>();
        builder.Services.AddRazorComponents();
        builder.AddSignIn();
        builder.AddStores();
    }

    public static void MapConsole(this WebApplication app)
    {
        app.UseMiddleware<PageSecurity>();
        app.UseMiddleware<SessionMiddleware>();
        app.MapAssets();
        app.MapSignInApi();
        app.MapPages();
    }

    private static void AddSignIn(this WebApplicationBuilder builder)
    {
        builder.AddServiceClient("catalogue");
        builder.Services.AddSingleton<AccessKeys>();
        builder.Services.AddSingleton(services => new SessionTokens(
            builder.Configuration["Internal:Key"] ?? throw new InvalidOperationException("Internal:Key is not set (environment: Internal__Key)."),
            services.GetRequiredService<TimeProvider>()));
    }

    private static void AddStores(this WebApplicationBuilder builder)
    {
        builder.Services.AddOptions<StoreLimits>().BindConfiguration(StoreLimits.Section).ValidateOnStart();
        builder.Services.AddSingleton<TraceStore>();
        builder.Services.AddSingleton<LogStore>();
        builder.Services.AddSingleton<MetricStore>();
    }
}
