using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Polly;
using Polly.Retry;

namespace Orrery.ServiceDefaults;

/// <summary>HTTP clients for other services of the graph: address from the graph's variables, signed, retried where that is safe.</summary>
public static class ServiceClients
{
    /// <summary>Until an answer's headers; long enough for a busy database, short enough to try again.</summary>
    private static readonly TimeSpan AttemptTimeout = TimeSpan.FromSeconds(10);

    /// <summary>
    /// A named client for <paramref name="service"/>. Its base address comes from <c>services__{service}__http__0</c> (or https),
    /// the variables that the graph gives to whoever references the service.
    /// </summary>
    public static IHttpClientBuilder AddServiceClient(this IHostApplicationBuilder builder, string service)
    {
        var configuration = builder.Configuration;
        return builder.Services
            .AddHttpClient(service, client =>
            {
                client.BaseAddress = Address(configuration, service);
                client.Timeout = Timeout.InfiniteTimeSpan; // Attempts have their own; a stream has none.
            })
            .AddHttpMessageHandler(services => new RetryHandler(services.GetRequiredService<TimeProvider>()))
            .AddHttpMessageHandler<InternalTokenHandler>();
    }

    /// <summary>Whether anything says where <paramref name="service"/> listens.</summary>
    public static bool IsKnown(IConfiguration configuration, string service) => (configuration[$"services:{service}:https:0"] ?? configuration[$"services:{service}:http:0"]) is not null;

    /// <summary>Where <paramref name="service"/> listens.</summary>
    /// <exception cref="InvalidOperationException">No variable says so; the message names the one to set.</exception>
    public static Uri Address(IConfiguration configuration, string service)
    {
        var text = configuration[$"services:{service}:https:0"] ?? configuration[$"services:{service}:http:0"];
        return Uri.TryCreate(text, UriKind.Absolute, out var address)
            ? address
            : throw new InvalidOperationException(
                $"Nothing says where '{service}' listens: services__{service}__http__0 is '{text}'; expected an absolute URL. The AppHost sets it by WithReference.");
    }

    /// <summary>Repeats GET, PUT and DELETE on network failures, 408, 429 and 5xx: three attempts, exponential backoff with jitter.</summary>
    /// <remarks>A POST is repeated by its caller, who knows whether it may be (usage batches are idempotent by event id).</remarks>
    private sealed class RetryHandler(TimeProvider time) : DelegatingHandler
    {
        private readonly ResiliencePipeline<HttpResponseMessage> _pipeline = new ResiliencePipelineBuilder<HttpResponseMessage> { TimeProvider = time }
            .AddRetry(new RetryStrategyOptions<HttpResponseMessage>
            {
                MaxRetryAttempts = 2,
                BackoffType = DelayBackoffType.Exponential,
                Delay = TimeSpan.FromMilliseconds(200),
                UseJitter = true,
                ShouldHandle = new PredicateBuilder<HttpResponseMessage>()
                    .Handle<HttpRequestException>()
                    .Handle<Polly.Timeout.TimeoutRejectedException>()
                    .HandleResult(response => (int)response.StatusCode is 408 or 429 or >= 500),
            })
            .AddTimeout(AttemptTimeout)
            .Build();

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            if (request.Method == HttpMethod.Post)
            {
                return await base.SendAsync(request, cancellationToken);
            }

            return await _pipeline.ExecuteAsync(async token => await base.SendAsync(request, token), cancellationToken);
        }
    }
}
