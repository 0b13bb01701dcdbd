namespace Orrery.Tests.Kubernetes;

/// <summary>Names, labels and annotations.</summary>
internal static class NameRules
{
    private static readonly string[] RoleKinds = ["Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding"];

    public static IEnumerable<Finding> Check(Chart chart) => [.. chart.Documents.SelectMany(Metadata), .. chart.Workloads.SelectMany(PodMetadata), .. Duplicates(chart)];

    private static IEnumerable<Finding> Metadata(Document document)
    {
        var name = document["metadata"]["name"];
        if (!Name(document.Kind, document.Name, out var expected))
        {
            yield return document.Find(name, expected);
        }

        if (document.Namespace.Length > 0 && !Formats.IsLabel(document.Namespace))
        {
            yield return document.Find(document["metadata"]["namespace"], "a DNS label (a-z, 0-9, -) of at most 63 characters");
        }

        foreach (var finding in Labels(document, document["metadata"]))
        {
            yield return finding;
        }
    }

    private static bool Name(string kind, string name, out string expected)
    {
        // Longer names are accepted, but then the controller's labels on the pods are not.
        var longest = kind switch { "StatefulSet" or "CronJob" => 52, "Service" or "Namespace" or "Job" or "Pod" => 63, _ => 253 };
        (var valid, expected) = kind switch
        {
            "Service" => (Formats.IsServiceName(name), "a DNS label that begins with a letter"),
            "Namespace" => (Formats.IsLabel(name), "a DNS label (a-z, 0-9, -)"),
            _ when RoleKinds.Contains(kind) => (Formats.IsPathSegment(name), "a name without / and %"),
            _ => (Formats.IsSubdomain(name), "a DNS subdomain (a-z, 0-9, -, .)"),
        };
        expected = $"{expected} of at most {longest} characters";
        return valid && name.Length <= longest;
    }

    private static IEnumerable<Finding> PodMetadata(Workload workload) =>
        workload.Document.Kind is "Pod" ? [] : Labels(workload.Document, workload.Template["metadata"]);

    private static IEnumerable<Finding> Labels(Document document, Field metadata)
    {
        foreach (var (key, value) in metadata["labels"].Entries)
        {
            if (!Formats.IsQualifiedName(key))
            {
                yield return document.Find(value, "a key of letters, digits, -, _ and . with an optional DNS prefix, at most 63 characters after it");
            }
            else if (!Formats.IsLabelValue(value.Text ?? ""))
            {
                yield return document.Find(value, "a label's value: at most 63 letters, digits, -, _ and ., at both ends a letter or digit");
            }
        }

        foreach (var (key, value) in metadata["annotations"].Entries.Where(entry => !Formats.IsQualifiedName(entry.Name.ToLowerInvariant())))
        {
            yield return document.Find(value, $"a key of letters, digits, -, _ and . with an optional DNS prefix instead of {key}");
        }
    }

    private static IEnumerable<Finding> Duplicates(Chart chart) => chart.Documents
        .GroupBy(document => (document.Group, document.Kind, Namespace: chart.NamespaceOf(document), document.Name))
        .Where(same => same.Count() > 1)
        .Select(same => same.Last().Find(same.Last()["metadata"]["name"], $"a name that no other {same.Key.Kind} has: {string.Join(", ", same.Select(document => document.Template))}"));
}
