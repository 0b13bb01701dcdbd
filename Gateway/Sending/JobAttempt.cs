using System.Text.Json;
using Orrery.Contracts.Transforms;
using Orrery.Expressions;
using Orrery.Gateway.Routing;
using Orrery.Gateway.Translation;
using Orrery.Gateway.Translation.Custom;
using Endpoint = Orrery.Gateway.Routing.Endpoint;

namespace Orrery.Gateway.Sending;

/// <summary>An attempt that is a job.</summary>
internal sealed record JobAttempt(Exchange Exchange, EndpointLease Lease, CustomAdapter Adapter, CompiledJob Job, string Traceparent)
{
    public Candidate Candidate => Lease.Candidate;

    /// <summary>Where the job stands in the provider's document.</summary>
    public string Field => Job.Field;

    public HttpRequestMessage Request(string method, Uri address) => EngineRequest.Further(Exchange, Candidate, new HttpMethod(method), address, Traceparent);
}

/// <summary>Where a job's further requests go. What an engine's answer names is asked only at the provider's own servers: the credential goes along.</summary>
internal static class JobAddress
{
    public static Uri? Of(Candidate candidate, Endpoint endpoint, CompiledCall call, JsonElement job, out SendError? error)
    {
        ReadOnlySpan<Value> variables = [Value.Json(job), Value.Json(job), candidate.UpstreamId];
        error = null;
        if (call.Path is { } template)
        {
            if (template.Evaluate(variables, out var fault) is { } path)
            {
                return new Uri(endpoint.Url + path);
            }

            error = TransformFault.OfAnswer(candidate, call.Field + ".path", $"fails: {fault}");
            return null;
        }

        var result = call.Url!.Evaluate(variables);
        if (result.Error is { } wrong)
        {
            error = TransformFault.OfAnswer(candidate, call.Field + ".url", wrong);
        }
        else if (!Uri.TryCreate(new Uri(endpoint.Url), result.Value.AsString(), out var url))
        {
            error = TransformFault.OfAnswer(candidate, call.Field + ".url", "gives what is no URL");
        }
        else if (url.UserInfo.Length > 0 || !candidate.Provider.Endpoints.Any(own => IsSameOrigin(new Uri(own.Endpoint.Url), url)))
        {
            error = TransformFault.OfAnswer(candidate, call.Field + ".url", $"leads to '{Shown.Of(url.IsAbsoluteUri ? url.Authority : "")}', which is none of the provider's endpoints and is not asked");
        }
        else
        {
            return url;
        }

        return null;
    }

    private static bool IsSameOrigin(Uri own, Uri url) =>
        url.IsAbsoluteUri && own.Scheme == url.Scheme && own.Port == url.Port && string.Equals(own.IdnHost, url.IdnHost, StringComparison.OrdinalIgnoreCase);
}
