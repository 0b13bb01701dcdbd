using System.Net;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orrery.Contracts;

namespace Orrery.AppHost;

/// <summary>The running graph over HTTP, for the Console on this machine: on loopback, at a port of its own, and only with this run's key.</summary>
internal sealed class ResourceFeed : IHostedService
{
    private WebApplication? _app;

    /// <summary>Where it listens. Port 0, which nobody can reach, until it is open; that is before any resource starts.</summary>
    public string Url => _app?.Urls.First() ?? "http://127.0.0.1:0";

    public string Key { get; } = RandomNumberGenerator.GetHexString(40, lowercase: true);

    public async Task OpenAsync(IServiceProvider services, DistributedApplicationModel model, CancellationToken cancellationToken)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        _app = builder.Build();
        _app.Use(RequireKeyAsync);
        new ResourceRoutes(
            model, new SecretMask(model, [Key]), services.GetRequiredService<ResourceNotificationService>(), services.GetRequiredService<ResourceLoggerService>(),
            services.GetRequiredService<ResourceCommandService>(), _app.Lifetime.ApplicationStopping).Map(_app);
        await _app.StartAsync(cancellationToken);
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask; // Open already.

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (_app is not null)
        {
            await _app.StopAsync(cancellationToken);
            await _app.DisposeAsync();
        }
    }

    private Task RequireKeyAsync(HttpContext http, RequestDelegate next)
    {
        var given = Encoding.UTF8.GetBytes(http.Request.Headers[ResourceFeedContract.KeyHeader].ToString());
        if (CryptographicOperations.FixedTimeEquals(given, Encoding.UTF8.GetBytes(Key)))
        {
            return next(http);
        }

        http.Response.StatusCode = StatusCodes.Status401Unauthorized;
        return http.Response.WriteAsync($"Send this run's key in the header {ResourceFeedContract.KeyHeader}.", http.RequestAborted);
    }
}

internal static class ResourceFeedExtensions
{
    /// <summary>Opens the feed before the first resource starts, and tells <paramref name="project"/> where it is. Nothing of it exists where the graph is published.</summary>
    public static IResourceBuilder<ProjectResource> WithResourceFeed(this IResourceBuilder<ProjectResource> project)
    {
        var builder = project.ApplicationBuilder;
        if (!builder.ExecutionContext.IsRunMode)
        {
            return project;
        }

        var feed = new ResourceFeed();
        builder.Services.AddHostedService(_ => feed);
        builder.Eventing.Subscribe<BeforeStartEvent>((start, cancellationToken) => feed.OpenAsync(start.Services, start.Model, cancellationToken));
        return project.WithEnvironment(context =>
        {
            context.EnvironmentVariables["Resources__Url"] = feed.Url;
            context.EnvironmentVariables["Resources__Key"] = feed.Key;
        });
    }
}
