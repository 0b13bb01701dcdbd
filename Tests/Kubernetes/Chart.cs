namespace Orrery.Tests.Kubernetes;

/// <summary>Everything that one rendering of a chart holds, and how its parts find each other.</summary>
internal sealed class Chart
{
    private readonly JudgeOptions _options;

    public Chart(IReadOnlyList<Document> documents, JudgeOptions options)
    {
        _options = options;
        Documents = documents;
        Workloads = [.. documents.Where(Workload.Is).Select(document => new Workload(document))];
    }

    public IReadOnlyList<Document> Documents { get; }

    /// <summary>What creates pods.</summary>
    public IReadOnlyList<Workload> Workloads { get; }

    public IReadOnlyCollection<Excuse> Excuses => _options.Excuses;

    public IEnumerable<Document> All(string kind) => Documents.Where(document => document.Kind == kind);

    /// <summary>The namespace in which the object will be.</summary>
    public string NamespaceOf(Document document) => document.Namespace.Length == 0 ? _options.Namespace : document.Namespace;

    /// <summary>The object of that kind and name in the namespace of <paramref name="from"/>; null: not part of this chart.</summary>
    public Document? Find(Document from, string kind, string? name) =>
        Documents.FirstOrDefault(document => document.Kind == kind && document.Name == name && SameNamespace(from, document));

    public bool IsExternal(string kind, string? name) => _options.External.Contains($"{kind}/{name}");

    public bool Exists(Document from, string kind, string? name) => Find(from, kind, name) is not null || IsExternal(kind, name);

    /// <summary>The workloads in the namespace of <paramref name="from"/> whose pods' labels satisfy the condition.</summary>
    public IEnumerable<Workload> Selected(Document from, Func<IReadOnlyDictionary<string, string>, bool> matches) =>
        Workloads.Where(workload => SameNamespace(from, workload.Document) && matches(workload.Labels));

    public bool SameNamespace(Document one, Document other) => NamespaceOf(one) == NamespaceOf(other);
}
