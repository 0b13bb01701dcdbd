using Orrery.Catalogue.Documents;
using Orrery.Contracts;

namespace Orrery.Catalogue.Resources;

/// <summary>What of the rule for connections can be said when a provider is declared; the rest is checked at each connection.</summary>
internal static class EgressChecks
{
    public static void Check(EgressPolicy policy, IReadOnlyList<DeclaredResource> documents, PlanFaults faults)
    {
        foreach (var document in documents)
        {
            if (document.Spec is not ModelProviderSpec spec)
            {
                continue;
            }

            foreach (var (path, url) in Urls(spec))
            {
                if (policy.CheckUrl(url) is { } fault)
                {
                    faults.Add(document, path, url, $"{fault.Expected}; {fault.Reason}", fault.Remedy);
                }
            }
        }
    }

    private static IEnumerable<(string Path, string Url)> Urls(ModelProviderSpec spec)
    {
        if (spec.Endpoint is { } endpoint)
        {
            yield return ("spec.endpoint", endpoint);
        }

        for (var i = 0; i < spec.Endpoints?.Count; i++)
        {
            yield return ($"spec.endpoints[{i}].url", spec.Endpoints[i].Url);
        }

        if (spec.Proxy is { } proxy and not ProxyAddress.None)
        {
            yield return ("spec.proxy", proxy);
        }
    }
}
