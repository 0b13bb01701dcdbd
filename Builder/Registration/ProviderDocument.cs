using Orrery.Builder.Planning;
using Orrery.Contracts;

namespace Orrery.Builder.Registration;

/// <summary>A deployment's replicas as the ModelProvider through which the gateway finds them. Without one that serves it stays declared, with no endpoint.</summary>
internal static class ProviderDocument
{
    public static ModelProviderSpec Of(RevisionTemplate template, IReadOnlyList<(SeenReplica Replica, int Weight)> serving, bool isSimulated) => new()
    {
        Provider = "self_hosted",
        Engine = template.Engine,
        Simulated = isSimulated,
        Endpoints = [.. serving
            .OrderBy(entry => entry.Replica.Revision).ThenBy(entry => entry.Replica.Ordinal)
            .Select(entry => new ProviderEndpoint { Url = UrlOf(entry.Replica.Replica.Address!), Weight = entry.Weight })],
        Models =
        [
            new ProvidedModel { Id = template.ModelId, ModelType = template.ModelType, ContextWindow = template.Context },
            .. template.Adapters.Select(id => new ProvidedModel { Id = id, ModelType = template.ModelType, ContextWindow = template.Context }),
        ],
        HealthCheck = new HealthCheckSpec { Endpoint = template.HealthPath, Interval = new Duration(template.Probes.Interval), Timeout = new Duration(TimeoutOf(template.Probes)) },
    };

    /// <summary>The gateway begins no check before the last one has ended; a target may.</summary>
    private static TimeSpan TimeoutOf(TemplateProbes probes) => probes.Timeout < probes.Interval ? probes.Timeout : probes.Interval;

    /// <summary>Where the server's OpenAI API begins: <c>/v1</c> is meant by an address without a path, and is said where there is one.</summary>
    private static string UrlOf(Uri address) => address.AbsolutePath == "/" ? address.ToString().TrimEnd('/') : address.ToString().TrimEnd('/') + "/v1";
}
