namespace Orrery.Tests.Kubernetes;

/// <summary>An object that creates pods, and the template of its pods.</summary>
internal sealed class Workload(Document document)
{
    private static readonly string[] Kinds = ["Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job", "CronJob", "Pod"];

    public Document Document { get; } = document;

    public string Id => Document.Id;

    /// <summary>The pod with its metadata.</summary>
    public Field Template { get; } = document.Kind switch
    {
        "Pod" => document.Root,
        "CronJob" => document["spec"]["jobTemplate"]["spec"]["template"],
        _ => document["spec"]["template"],
    };

    public Field Pod => Template["spec"];

    public IReadOnlyDictionary<string, string> Labels => Template["metadata"]["labels"].Texts;

    /// <summary>The containers that run side by side.</summary>
    public IEnumerable<Field> Containers => Pod["containers"].Items;

    public IEnumerable<Field> InitContainers => Pod["initContainers"].Items;

    public IEnumerable<Field> AllContainers => InitContainers.Concat(Containers);

    /// <summary>Its pods end by themselves, as a job's do.</summary>
    public bool Ends => Document.Kind is "Job" or "CronJob" || Pod["restartPolicy"].Text is "Never" or "OnFailure";

    public static bool Is(Document document) => Kinds.Contains(document.Kind) && document.Group is "" or "apps" or "batch";

    /// <summary>Whether a container has that port, by name or by number.</summary>
    public bool HasPort(Field port, string protocol = "TCP") =>
        AllContainers.SelectMany(container => container["ports"].Items).Any(candidate =>
            (candidate["protocol"].Text ?? "TCP") == protocol
            && (port.Whole is { } number ? candidate["containerPort"].Whole == number : candidate["name"].Text == port.Text));

    public Finding Find(Field field, string expected) => Document.Find(field, expected);
}
