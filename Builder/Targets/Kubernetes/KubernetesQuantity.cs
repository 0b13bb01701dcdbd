using System.Globalization;
using System.Text.Json.Nodes;
using Orrery.Builder.Targets.Kubernetes.Client;

namespace Orrery.Builder.Targets.Kubernetes;

/// <summary>Amounts as the API writes them: <c>500m</c>, <c>2Gi</c>, <c>1e3</c>.</summary>
internal static class KubernetesQuantity
{
    private static readonly string[] Suffixes = ["Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];

    /// <returns>null: it is none.</returns>
    public static decimal? Parse(string? text)
    {
        if (string.IsNullOrEmpty(text))
        {
            return null;
        }

        if (Array.FindIndex(Suffixes, text.EndsWith) is var binary and >= 0)
        {
            return Number(text[..^2]) * (decimal)Math.Pow(1024, binary + 1);
        }

        return text[^1] switch
        {
            'n' => Number(text[..^1]) / 1_000_000_000,
            'u' => Number(text[..^1]) / 1_000_000,
            'm' => Number(text[..^1]) / 1_000,
            'k' => Number(text[..^1]) * 1_000,
            'M' => Number(text[..^1]) * 1_000_000,
            'G' => Number(text[..^1]) * 1_000_000_000,
            'T' => Number(text[..^1]) * 1_000_000_000_000,
            'P' => Number(text[..^1]) * 1_000_000_000_000_000,
            'E' => Number(text[..^1]) * 1_000_000_000_000_000_000,
            _ => Number(text),
        };
    }

    /// <summary>A map of amounts; the API writes them as texts or as bare numbers.</summary>
    public static IEnumerable<(string Resource, decimal Amount)> ReadAll(JsonNode? map) =>
        map.Texts().Select(one => (one.Key, Parse(one.Value) ?? 0));

    private static decimal? Number(string text) => decimal.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) ? number : null;
}
