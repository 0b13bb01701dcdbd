namespace Orrery.Tests.Kubernetes;

/// <summary>What a pod names exists: ConfigMaps, Secrets and their keys, claims, accounts.</summary>
internal static class ReferenceRules
{
    public static IEnumerable<Finding> Check(Chart chart) =>
    [
        .. chart.Workloads.SelectMany(workload => Pod(chart, workload)),
        .. chart.Workloads.SelectMany(workload => workload.AllContainers.SelectMany(container => Container(chart, workload, container))),
    ];

    private static IEnumerable<Finding> Container(Chart chart, Workload workload, Field container) =>
    [
        .. container["env"].Items.SelectMany(variable => Key(chart, workload.Document, "ConfigMap", variable["valueFrom"]["configMapKeyRef"])),
        .. container["env"].Items.SelectMany(variable => Key(chart, workload.Document, "Secret", variable["valueFrom"]["secretKeyRef"])),
        .. container["envFrom"].Items.SelectMany(source => Named(chart, workload, "ConfigMap", source["configMapRef"])),
        .. container["envFrom"].Items.SelectMany(source => Named(chart, workload, "Secret", source["secretRef"])),
    ];

    private static IEnumerable<Finding> Pod(Chart chart, Workload workload)
    {
        var account = workload.Pod["serviceAccountName"];
        IEnumerable<Finding> accounts = account.Text is null or "default" || chart.Exists(workload.Document, "ServiceAccount", account.Text) ? [] : [Missing(workload.Document, "ServiceAccount", account)];
        return
        [
            .. accounts,
            .. workload.Pod["imagePullSecrets"].Items.SelectMany(secret => Named(chart, workload, "Secret", secret)),
            .. workload.Pod["volumes"].Items.SelectMany(volume => Volume(chart, workload, volume)),
            .. workload.Pod["volumes"].Items.SelectMany(volume => volume["projected"]["sources"].Items).SelectMany(source => Projected(chart, workload, source)),
        ];
    }

    private static IEnumerable<Finding> Volume(Chart chart, Workload workload, Field volume) =>
    [
        .. Named(chart, workload, "PersistentVolumeClaim", volume["persistentVolumeClaim"], "claimName"),
        .. Projection(chart, workload, "ConfigMap", volume["configMap"], "name"),
        .. Projection(chart, workload, "Secret", volume["secret"], "secretName"),
    ];

    private static IEnumerable<Finding> Projected(Chart chart, Workload workload, Field source) =>
        [.. Projection(chart, workload, "ConfigMap", source["configMap"], "name"), .. Projection(chart, workload, "Secret", source["secret"], "name")];

    private static IEnumerable<Finding> Projection(Chart chart, Workload workload, string kind, Field source, string nameField) =>
    [
        .. Named(chart, workload, kind, source, nameField),
        .. source["items"].Items.SelectMany(item => HasKey(chart, workload.Document, kind, source[nameField].Text, item["key"])),
    ];

    private static IEnumerable<Finding> Named(Chart chart, Workload workload, string kind, Field reference, string nameField = "name") =>
        !reference.Exists || reference["optional"].IsTrue || chart.Exists(workload.Document, kind, reference[nameField].Text)
            ? []
            : [Missing(workload.Document, kind, reference[nameField])];

    /// <summary>A reference of the form <c>{ name, key, optional }</c>.</summary>
    public static IEnumerable<Finding> Key(Chart chart, Document document, string kind, Field reference) =>
        !reference.Exists || reference["optional"].IsTrue ? []
        : !chart.Exists(document, kind, reference["name"].Text) ? [Missing(document, kind, reference["name"])]
        : HasKey(chart, document, kind, reference["name"].Text, reference["key"]);

    private static IEnumerable<Finding> HasKey(Chart chart, Document document, string kind, string? name, Field key) =>
        chart.Find(document, kind, name) is { } target && !Data.Entries(target).Any(entry => entry.Name == key.Text)
            ? [document.Find(key, $"a key of {target.Id}: {string.Join(", ", Data.Entries(target).Select(entry => entry.Name))}")]
            : [];

    public static Finding Missing(Document document, string kind, Field name) =>
        document.Find(name, $"a {kind} of this chart or of those named as external");
}
