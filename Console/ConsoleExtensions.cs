using System.Diagnostics;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.Extensions.Options;
using Orrery.ServiceDefaults;
using Orrery.WebConsole.Assets;
using Orrery.WebConsole.History;
using Orrery.WebConsole.Otlp;
using Orrery.WebConsole.Pages;
using Orrery.WebConsole.Resources;
using Orrery.WebConsole.Scraping;
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
        builder.Services.AddSingleton<MetricsBoard>();
        builder.Services.AddDataProtection().UseEphemeralDataProtectionProvider(); // Nothing of ours uses it; Razor asks for it, and would write keys to disk.
        builder.AddSignIn();
        builder.AddStores();
        builder.AddHistory();
        builder.AddOtlp();
        builder.AddResources();
        builder.AddScraping();
    }

    public static void MapConsole(this WebApplication app)
    {
        app.Use((http, next) =>
        {
            Activity.Current?.LeaveOut(); // Who looks, and the telemetry that comes in, are not what one looks for here.
            return next(http);
        });
        app.UseOtlp();
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
        builder.Services.AddSingleton<Sessions>();
        builder.Services.AddSingleton(services => new SessionTokens(
            builder.Configuration["Internal:Key"] ?? throw new InvalidOperationException("Internal:Key is not set (environment: Internal__Key)."),
            services.GetRequiredService<TimeProvider>()));
    }

    private static void AddStores(this WebApplicationBuilder builder)
    {
        builder.Services.AddOptions<StoreLimits>().BindConfiguration(StoreLimits.Section).ValidateOnStart();
        builder.Services.AddSingleton<IValidateOptions<StoreLimits>, StoreLimitsValidator>();
        builder.Services.AddSingleton<TraceStore>();
        builder.Services.AddSingleton<LogStore>();
        builder.Services.AddSingleton<MetricStore>();
    }

    private static void AddOtlp(this WebApplicationBuilder builder)
    {
        builder.Services.AddOptions<OtlpOptions>().BindConfiguration(OtlpOptions.Section).ValidateOnStart();
        builder.Services.AddSingleton<IValidateOptions<OtlpOptions>, OtlpOptions.Validator>();
        builder.Services.AddSingleton<OtlpCounts>();
        builder.Services.AddSingleton<OtlpApi>();
    }

    private static void AddResources(this WebApplicationBuilder builder)
    {
        builder.Services.AddOptions<ResourcesOptions>().BindConfiguration(ResourcesOptions.Section).ValidateOnStart();
        builder.Services.AddSingleton<IValidateOptions<ResourcesOptions>, ResourcesOptionsValidator>();
        builder.Services.AddHttpClient(ResourceFeedClient.Client, client => client.Timeout = Timeout.InfiniteTimeSpan).RemoveAllLoggers();
        builder.Services.AddSingleton<ResourceBook>();
        builder.Services.AddSingleton<ResourceFeedClient>();
        builder.Services.AddHostedService(services => services.GetRequiredService<ResourceFeedClient>());
    }

    private static void AddScraping(this WebApplicationBuilder builder)
    {
        builder.Services.AddOptions<ScrapingOptions>().BindConfiguration(ScrapingOptions.Section).ValidateOnStart();
        builder.Services.AddSingleton<IValidateOptions<ScrapingOptions>, ScrapingOptionsValidator>();
        builder.Services.AddHttpClient(Scraper.Client, client =>
        {
            client.Timeout = TimeSpan.FromSeconds(5);
            client.MaxResponseContentBufferSize = Scraper.MaxBytes;
        }).RemoveAllLoggers();
        builder.Services.AddHostedService<Scraper>();
    }
}
