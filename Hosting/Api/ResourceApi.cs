using System.Net;
using System.Security.Cryptography;
using System.Text;
using Aspire.Hosting.ApplicationModel;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Aspire.Hosting;

/// <summary>The graph over HTTP, for a dashboard: off unless <c>AppHost:ResourceApiUrl</c> (or <c>ASPNETCORE_URLS</c>) gives a loopback address.</summary>
/// <remarks>
/// Every call carries the header <c>x-resource-service-api-key</c>: <c>AppHost:ResourceService:ApiKey</c> when configured, else generated and written to
/// <c>resource-api.key</c> in the state directory, which only its owner can read.
/// </remarks>
internal sealed partial class ResourceApi(
    IConfiguration configuration,
    DistributedApplicationOptions options,
    DistributedApplicationModel model,
    ResourceNotificationService notifications,
    ResourceLoggerService loggers,
    ResourceCommandService commands,
    StateDirectory state,
    ILogger<ResourceApi> logger) : IHostedService
{
    public const string UrlKey = "AppHost:ResourceApiUrl";
    public const string ApiKeyKey = "AppHost:ResourceService:ApiKey";
    public const string Header = "x-resource-service-api-key";

    private WebApplication? _app;
    private byte[] _key = [];

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        if (options.DisableDashboard || Address() is not { } address)
        {
            return;
        }

        _key = Encoding.UTF8.GetBytes(configuration[ApiKeyKey] ?? await GenerateKeyAsync(cancellationToken));
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        _app = builder.Build();
        _app.Urls.Clear();
        _app.Urls.Add(address);
        _app.Use(RequireKeyAsync);
        ResourceRoutes.Map(_app, model, notifications, loggers, commands);
        await _app.StartAsync(cancellationToken);
        Log.Listening(logger, _app.Urls.First());
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (_app is not null)
        {
            // Streams never end by themselves.
            using var now = new CancellationTokenSource();
            await now.CancelAsync();
            await _app.StopAsync(now.Token);
            await _app.DisposeAsync();
        }
    }

    /// <exception cref="DistributedApplicationException">The address is no loopback address.</exception>
    private string? Address()
    {
        var key = configuration[UrlKey] is { Length: > 0 } ? UrlKey : "ASPNETCORE_URLS";
        var address = configuration[key]?.Split(';', StringSplitOptions.RemoveEmptyEntries).FirstOrDefault(url => url.StartsWith("http://", StringComparison.Ordinal));
        if (string.IsNullOrEmpty(address))
        {
            return null;
        }

        var isLoopback = Uri.TryCreate(address, UriKind.Absolute, out var url)
            && (url.Host == "localhost" || IPAddress.TryParse(url.Host.Trim('[', ']'), out var ip) && IPAddress.IsLoopback(ip));
        return isLoopback
            ? address
            : throw new DistributedApplicationException($"{key} is '{address}': the resource API takes a loopback address only, as http://127.0.0.1:18888.");
    }

    private async Task<string> GenerateKeyAsync(CancellationToken cancellationToken)
    {
        var key = RandomNumberGenerator.GetHexString(32, lowercase: true);
        state.Ensure();
        var path = Path.Combine(state.Path, "resource-api.key");
        var owner = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite };
        await using var writer = new StreamWriter(path, owner);
        await writer.WriteLineAsync(key.AsMemory(), cancellationToken);
        Log.Key(logger, path);
        return key;
    }

    private Task RequireKeyAsync(HttpContext context, RequestDelegate next)
    {
        var given = Encoding.UTF8.GetBytes(context.Request.Headers[Header].ToString());
        if (CryptographicOperations.FixedTimeEquals(given, _key))
        {
            return next(context);
        }

        context.Response.StatusCode = StatusCodes.Status401Unauthorized;
        return context.Response.WriteAsync($"Send the key of this graph in the header {Header}.", context.RequestAborted);
    }

    private static partial class Log
    {
        [LoggerMessage(121, LogLevel.Information, "The resource API listens on {Url}.", EventName = "ResourceApiListening")]
        public static partial void Listening(ILogger logger, string url);

        [LoggerMessage(122, LogLevel.Information, "The resource API's key is in {Path}.", EventName = "ResourceApiKey")]
        public static partial void Key(ILogger logger, string path);
    }
}
