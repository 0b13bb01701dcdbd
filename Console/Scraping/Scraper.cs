using Microsoft.Extensions.Options;
using Orrery.WebConsole.Stores;
using Orrery.WebConsole.Telemetry;

namespace Orrery.WebConsole.Scraping;

/// <summary>The section <c>Console:Scraping</c>: engines that say how they do at <c>/metrics</c> and send nothing themselves.</summary>
internal sealed class ScrapingOptions
{
    public const string Section = "Console:Scraping";

    /// <summary>Name of the server and the URL of its metrics.</summary>
    public Dictionary<string, string> Targets { get; } = new(StringComparer.Ordinal);

    /// <summary>Between two readings: 1 s to 5 min. Default 5 s.</summary>
    public TimeSpan Interval { get; set; } = TimeSpan.FromSeconds(5);
}

/// <summary>Names the configuration key, the value and what was expected.</summary>
internal sealed class ScrapingOptionsValidator : IValidateOptions<ScrapingOptions>
{
    public ValidateOptionsResult Validate(string? name, ScrapingOptions options)
    {
        var faults = options.Targets
            .Where(target => !Uri.TryCreate(target.Value, UriKind.Absolute, out var url) || url.Scheme is not ("http" or "https"))
            .Select(target => $"Console:Scraping:Targets:{target.Key} is '{target.Value}'; expected an http or https URL such as http://vllm-qwen3-8b:8000/metrics.")
            .ToList();
        if (options.Interval < TimeSpan.FromSeconds(1) || options.Interval > TimeSpan.FromMinutes(5))
        {
            faults.Add($"Console:Scraping:Interval is {options.Interval}; expected 00:00:01 to 00:05:00.");
        }

        return faults.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults);
    }
}

/// <summary>Reads the engines' own metrics into the store, each at its pace: one that hangs holds up no other.</summary>
internal sealed partial class Scraper(IHttpClientFactory clients, MetricStore store, IOptions<ScrapingOptions> options, TimeProvider time, ILogger<Scraper> logger) : BackgroundService
{
    public const string Client = "scraper";
    public const int MaxBytes = 8 << 20;

    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        Task.WhenAll(options.Value.Targets.Select(target => FollowAsync(target.Key, new Uri(target.Value), stoppingToken)));

    private async Task FollowAsync(string server, Uri url, CancellationToken stoppingToken)
    {
        var emitter = new Emitter(server, server, [new("server.address", url.Authority)]);
        using var client = clients.CreateClient(Client);
        using var timer = new PeriodicTimer(options.Value.Interval, time);
        bool? isAnswering = null;
        do
        {
            var trouble = await ReadAsync(client, url, emitter, stoppingToken);
            if (trouble is not null && isAnswering != false)
            {
                Log.Away(logger, server, url, trouble);
            }
            else if (trouble is null && isAnswering == false)
            {
                Log.Back(logger, server, url);
            }

            isAnswering = trouble is null;
        }
        while (await NextAsync(timer, stoppingToken));
    }

    /// <summary>Why nothing was read; <c>null</c> when it was.</summary>
    private async Task<string?> ReadAsync(HttpClient client, Uri url, Emitter emitter, CancellationToken stoppingToken)
    {
        try
        {
            var text = await client.GetStringAsync(url, stoppingToken);
            var (measurements, unreadable) = PrometheusText.Read(text, emitter, time.GetUtcNow());
            store.Add(measurements);
            return unreadable == 0 ? null : $"{unreadable} lines are not in Prometheus' text format";
        }
        catch (Exception error) when (!stoppingToken.IsCancellationRequested)
        {
            return error.Message; // Whatever an engine answers, it ends nothing but this reading.
        }
    }

    private static async Task<bool> NextAsync(PeriodicTimer timer, CancellationToken stoppingToken)
    {
        try
        {
            return await timer.WaitForNextTickAsync(stoppingToken);
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(401, LogLevel.Warning, "The metrics of {Server} at {Url} cannot be read: {Reason}", EventName = "ScrapeFailed")]
        public static partial void Away(ILogger logger, string server, Uri url, string reason);

        [LoggerMessage(402, LogLevel.Information, "The metrics of {Server} at {Url} are read again", EventName = "ScrapeRecovered")]
        public static partial void Back(ILogger logger, string server, Uri url);
    }
}
