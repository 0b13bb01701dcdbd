using System.Text.RegularExpressions;

namespace Orrery.Tests.Equality;

/// <summary>What placeholders of the graph mean, in the chart's addresses: <c>{catalogue.bindings.http.url}</c> is <c>http://catalogue-service:8080</c>.</summary>
internal sealed partial class Addresses
{
    private const int FirstAssignedPort = 8080;

    private readonly Dictionary<string, (string Scheme, int Target, int Public)> _endpoints = new(StringComparer.Ordinal);

    /// <summary>Makes an endpoint known; ports that are assigned are those that .NET's images listen on.</summary>
    public void Add(string resource, string endpoint, string scheme, int? target, int? published) =>
        _endpoints[$"{resource}:{endpoint}"] = (scheme, target ?? FirstAssignedPort, published ?? target ?? FirstAssignedPort);

    /// <summary>Fills in every placeholder; <paramref name="other"/> answers those that are no endpoint's, or null.</summary>
    public string Fill(string text, Func<string, string, string?> other, Action<string>? seen = null) => Placeholder().Replace(text, match =>
    {
        var (name, rest) = (match.Groups[1].Value, match.Groups[2].Value);
        if (rest.Split('.') is not ["bindings", var endpoint, var part])
        {
            return other(name, rest) is { } value ? Fill(value, other, seen) : match.Value;
        }

        seen?.Invoke($"{name}:{endpoint}");
        var (scheme, target, published) = _endpoints[$"{name}:{endpoint}"];
        return part switch
        {
            "url" => $"{scheme}://{name}-service:{published}",
            "host" => $"{name}-service",
            "port" => FormattableString.Invariant($"{published}"),
            "targetPort" => FormattableString.Invariant($"{target}"),
            "scheme" => scheme,
            "tlsEnabled" => "False",
            _ => throw new InvalidOperationException($"{match.Value} is no property of an endpoint."),
        };
    });

    [GeneratedRegex(@"\{([A-Za-z][A-Za-z0-9-]*)\.([A-Za-z0-9.-]+)\}")]
    private static partial Regex Placeholder();
}
