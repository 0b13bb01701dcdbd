namespace Orrery.Tests.Kubernetes;

/// <summary>What ConfigMaps and Secrets hold.</summary>
internal static class Data
{
    public static IEnumerable<(string Name, Field Value)> Entries(Document document) =>
        document["data"].Entries.Concat(document["stringData"].Entries).Concat(document["binaryData"].Entries);

    public static bool Is(Document document) => document is { Kind: "ConfigMap" or "Secret", Group: "" };
}

/// <summary>Keys and values of ConfigMaps and Secrets.</summary>
internal static class DataRules
{
    private const int Largest = 1 << 20;

    public static IEnumerable<Finding> Check(Chart chart) => chart.Documents.Where(Data.Is).SelectMany(Check);

    private static IEnumerable<Finding> Check(Document document)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (key, value) in Data.Entries(document))
        {
            if (!Formats.IsDataKey(key))
            {
                yield return document.Find(value, "a key of letters, digits, -, _ and .");
            }
            else if (!seen.Add(key))
            {
                yield return document.Find(value, "a key that is there once");
            }

            if (value.Node is not ScalarNode { Kind: ScalarKind.Text })
            {
                yield return document.Find(value, "a string; quote it");
            }
        }

        if (Data.Entries(document).Sum(entry => entry.Value.Text?.Length ?? 0) is var size && size > Largest)
        {
            yield return new Finding(document.Template, document.Id, "data", $"{size} characters", "at most 1 MiB, the server's limit");
        }
    }
}
