using System.Collections.Concurrent;
using System.Globalization;
using Orrery.Gateway.Intake;
using Orrery.Gateway.Routing;
using Endpoint = Orrery.Gateway.Routing.Endpoint;

namespace Orrery.Gateway.Translation;

/// <summary>
/// Azure's OpenAI service. Below <c>/openai/v1</c> it is OpenAI's API; else each deployment has a path of its own
/// (<c>/openai/deployments/{deployment}/chat/completions?api-version=2024-10-21</c>). The deployment is the id that the provider knows the model by.
/// </summary>
/// <remarks>One for each provider and snapshot, so that the addresses it keeps are those of its deployments and no others.</remarks>
internal sealed class AzureOpenAiAdapter : IEngineAdapter
{
    /// <summary>Before it, <c>stream_options</c> is refused as unknown.</summary>
    private static readonly DateOnly FirstWithStreamOptions = new(2024, 9, 1);

    private readonly ConcurrentDictionary<(Endpoint Endpoint, string Deployment, int Operation), Uri> _addresses = new();
    private readonly string _query;
    private readonly bool _canCountStreams;

    public AzureOpenAiAdapter(string? apiVersion)
    {
        _query = apiVersion is null ? "" : "?api-version=" + Uri.EscapeDataString(apiVersion);
        _canCountStreams = apiVersion is not { Length: >= 10 }
            || !DateOnly.TryParseExact(apiVersion.AsSpan(0, 10), "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var date)
            || date >= FirstWithStreamOptions;
    }

    public string ProviderName => "azure.ai.openai";

    /// <summary>What its content filters found comes in chunks of its own, the first of all being one without choices, id and model.</summary>
    public bool HidesAnnotations => true;

    public Uri? AddressOf(Candidate candidate, Endpoint endpoint, Operation operation)
    {
        if (operation.IsPassThrough)
        {
            return endpoint.AddressOf(operation);
        }

        if (operation == Operation.Rerank || operation == Operation.Score || operation == Operation.TokenCount)
        {
            return null;
        }

        var key = (endpoint, candidate.UpstreamId, operation.Index);
        return _addresses.TryGetValue(key, out var address) ? address : _addresses.GetOrAdd(key, Make(endpoint.Url, candidate.UpstreamId, operation));
    }

    public void EditBody(Call call, Candidate candidate, ref EditList edits)
    {
        ModelEdit.Name(call, candidate, ref edits);
        if (call.AsksForUsage && _canCountStreams)
        {
            StreamOptionsEdit.AskForUsage(call, continuous: false, ref edits);
        }
    }

    public bool KeepsUsage(Call call, bool isUsageChunk) => call.StreamOptions.IncludeUsage;

    private Uri Make(string url, string deployment, Operation operation) => url.EndsWith("/v1", StringComparison.Ordinal)
        ? new Uri($"{url}/{operation.Path}{_query}")
        : new Uri($"{url}/deployments/{Uri.EscapeDataString(deployment)}/{operation.Path}{_query}");
}
