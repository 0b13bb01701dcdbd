using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Orrery.Builder.Targets.Kubernetes.Client;
using Orrery.Tests.Kubernetes;
using Orrery.Tests.Kubernetes.Cluster;

namespace Orrery.Tests.Builder.Kubernetes.Cluster;

/// <summary>Objects, and what may be done with them.</summary>
internal sealed partial class FakeCluster
{
    private readonly Lock _lock = new();
    private readonly SortedDictionary<string, JsonObject> _objects = new(StringComparer.Ordinal);
    private readonly Dictionary<(string Path, string Manager), HashSet<string>> _fields = [];
    private readonly List<Happening> _changes = [];
    private readonly CancellationTokenSource _stop = new();
    private readonly KubernetesSchema? _schema =
        File.Exists(Path.Combine(Environment.GetEnvironmentVariable("ORRERY_TEST_DATA") ?? "", "kubernetes/openapi-1.32.json")) ? KubernetesSchema.Load() : null;

    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _version = 100;
    private int _forgotten;

    /// <summary>All objects of a kind, by name.</summary>
    public IReadOnlyDictionary<string, JsonObject> All(KubernetesResource resource, string? ns = null)
    {
        lock (_lock)
        {
            return _objects.Where(one => Belongs(new At(resource.Group, resource.Plural, ns, null, null, ""), one.Key))
                .ToDictionary(one => one.Value.Name(), one => one.Value.DeepClone().AsObject(), StringComparer.Ordinal);
        }
    }

    public JsonObject? Find(string path)
    {
        lock (_lock)
        {
            return _objects.GetValueOrDefault(path)?.DeepClone().AsObject();
        }
    }

    /// <summary>Puts an object there as somebody else would.</summary>
    public JsonObject Put(KubernetesResource resource, string? ns, JsonObject body, string manager = "kubectl")
    {
        lock (_lock)
        {
            var path = resource.Path(ns, body.Name());
            body["apiVersion"] = resource.ApiVersion;
            body["kind"] = resource.Kind;
            if (ns is not null)
            {
                body["metadata"]!["namespace"] = ns;
            }

            _fields[(path, manager)] = Leaves(body).Keys.ToHashSet(StringComparer.Ordinal);
            return Store(path, body);
        }
    }

    /// <summary>Changes an object as its controller would.</summary>
    public void Change(KubernetesResource resource, string? ns, string name, Action<JsonObject> change)
    {
        lock (_lock)
        {
            var path = resource.Path(ns, name);
            var copy = _objects[path].DeepClone().AsObject();
            change(copy);
            Store(path, copy);
        }
    }

    /// <summary>Watches that go on from before now are told to list anew.</summary>
    public void Forget()
    {
        lock (_lock)
        {
            _forgotten = ++_version;
            _changes.Clear();
            Signal();
        }
    }

    private (int Status, JsonNode Answer) Handle(string verb, At at, IQueryCollection query, JsonObject? body)
    {
        lock (_lock)
        {
            var stored = at.Name is null ? null : _objects.GetValueOrDefault(at.Path);
            return verb switch
            {
                "list" => List(at, query),
                "create" => Create(at, body!),
                "patch" => Apply(at, stored, query, body!),
                _ when stored is null => Status(404, "NotFound", $"{at.Plural} \"{at.Name}\" not found"),
                "get" => (200, stored.DeepClone()),
                "update" => Update(at, stored, body!),
                "delete" => Delete(at, stored, body ?? []),
                _ => Status(405, "MethodNotAllowed", verb),
            };
        }
    }

    private (int Status, JsonNode Answer) List(At at, IQueryCollection query)
    {
        var items = Selected(at, query).ToList();
        var from = 0;
        if (query["continue"].ToString() is { Length: > 0 } next)
        {
            if (ForgetsNextPage)
            {
                ForgetsNextPage = false;
                return Status(410, "Expired", "The provided continue parameter is too old");
            }

            from = int.Parse(next, System.Globalization.CultureInfo.InvariantCulture);
        }

        var size = Math.Min(PageSize, int.TryParse(query["limit"], out var limit) ? limit : int.MaxValue);
        var page = items.Skip(from).Take(size).Select(one => (JsonNode)one.DeepClone());
        var metadata = new JsonObject { ["resourceVersion"] = Text(_version) };
        if (items.Count - from > size)
        {
            metadata["continue"] = Text(from + size);
        }

        return (200, new JsonObject { ["kind"] = "List", ["metadata"] = metadata, ["items"] = new JsonArray([.. page]) });
    }

    private (int Status, JsonNode Answer) Create(At at, JsonObject body)
    {
        var path = $"{at.Path}/{body.Name()}";
        return _objects.ContainsKey(path) ? Status(409, "AlreadyExists", $"{at.Plural} \"{body.Name()}\" already exists")
            : Refusal(path, body) ?? (201, Store(path, body).DeepClone());
    }

    private (int Status, JsonNode Answer) Update(At at, JsonObject stored, JsonObject body) =>
        body.Text("metadata", "resourceVersion") is { } version && version != stored.Text("metadata", "resourceVersion")
            ? Status(409, "Conflict", $"Operation cannot be fulfilled on {at.Plural} \"{at.Name}\": the object has been modified; please apply your changes to the latest version and try again")
            : (200, Store(at.Path, body).DeepClone());

    private (int Status, JsonNode Answer) Apply(At at, JsonObject? stored, IQueryCollection query, JsonObject body)
    {
        var manager = query["fieldManager"].ToString();
        if (Refusal(at.Path, body) is { } refusal)
        {
            return refusal;
        }

        if (at.Namespace is not null && at.Group != "coordination.k8s.io" && !_objects.ContainsKey($"/api/v1/namespaces/{at.Namespace}"))
        {
            return Status(404, "NotFound", $"namespaces \"{at.Namespace}\" not found");
        }

        var wanted = Leaves(body);
        var merged = stored?.DeepClone().AsObject() ?? [];
        var before = stored is null ? [] : Leaves(stored);
        var others = _fields.Where(one => one.Key.Path == at.Path && one.Key.Manager != manager).ToList();
        var conflicts = others.SelectMany(other => other.Value
            .Where(field => wanted.TryGetValue(field, out var value) && !(before.TryGetValue(field, out var old) && JsonNode.DeepEquals(old, value)))
            .Select(field => (other.Key.Manager, Field: field))).ToList();
        if (conflicts.Count > 0 && query["force"] != "true")
        {
            return Status(409, "Conflict", $"Apply failed with {conflicts.Count} conflicts", [.. conflicts.Select(one =>
                new JsonObject { ["reason"] = "FieldManagerConflict", ["message"] = $"conflict with \"{one.Manager}\"", ["field"] = one.Field })]);
        }

        foreach (var (_, fields) in others)
        {
            fields.ExceptWith(conflicts.Select(one => one.Field));
        }

        foreach (var gone in _fields.GetValueOrDefault((at.Path, manager), []).Where(field => !wanted.ContainsKey(field) && !others.Any(other => other.Value.Contains(field))))
        {
            Remove(merged, gone);
        }

        foreach (var (field, value) in wanted)
        {
            Set(merged, field, value);
        }

        if (stored is not null && Forbidden(at, stored, merged) is { } field2)
        {
            return Status(422, "Invalid", $"{stored.Text("kind")} \"{at.Name}\" is invalid: {field2}: Forbidden: field is immutable");
        }

        _fields[(at.Path, manager)] = wanted.Keys.ToHashSet(StringComparer.Ordinal);
        return stored is not null && JsonNode.DeepEquals(stored, merged) ? (200, stored.DeepClone()) : (stored is null ? 201 : 200, Store(at.Path, merged).DeepClone());
    }

    private static string? Forbidden(At at, JsonObject stored, JsonObject merged) =>
        at.Plural == "secrets" && stored.IsTrue("immutable") && !JsonNode.DeepEquals(stored["data"], merged["data"]) ? "data"
        : Immutable.Change(new ApiKind(stored.Text("apiVersion")!, stored.Text("kind")!, at.Plural), stored, merged);

    private (int Status, JsonNode Answer) Delete(At at, JsonObject stored, JsonObject options)
    {
        if (options.Text("preconditions", "uid") is { } uid && uid != stored.Uid())
        {
            return Status(409, "Conflict", $"the UID in the precondition ({uid}) does not match the UID in record ({stored.Uid()})");
        }

        var copy = stored.DeepClone().AsObject();
        if (at.Plural == "pods" && options.Whole("gracePeriodSeconds") != 0 && copy.Text("spec", "nodeName") is not null)
        {
            copy["metadata"]!["deletionTimestamp"] ??= Stamp(TimeSpan.FromSeconds(copy.Whole("spec", "terminationGracePeriodSeconds") ?? 30));
            return (200, Store(at.Path, copy).DeepClone());
        }

        if (at.Plural == "statefulsets" && options.Text("propagationPolicy") == "Foreground")
        {
            copy["metadata"]!["deletionTimestamp"] ??= Stamp(TimeSpan.Zero);
            return (200, Store(at.Path, copy).DeepClone());
        }

        Take(at.Path);
        return (200, stored.DeepClone());
    }

    private (int Status, JsonNode Answer)? Refusal(string path, JsonObject body)
    {
        // What is said of a status, nobody but controllers may say; resourceVersion and uid come back on updates.
        var findings = _schema?.Check(Document.Parse(path, body.ToJsonString())).ToList() ?? [];
        return findings.Count > 0 ? Status(422, "Invalid", string.Join("; ", findings)) : null;
    }

    private JsonObject Store(string path, JsonObject body)
    {
        var isNew = !_objects.TryGetValue(path, out var old);
        var metadata = body["metadata"]!;
        metadata["uid"] = old?.Uid() ?? metadata.Text("uid") ?? Guid.CreateVersion7().ToString();
        metadata["creationTimestamp"] = old.Text("metadata", "creationTimestamp") ?? Stamp(TimeSpan.Zero);
        metadata["resourceVersion"] = Text(++_version);
        _objects[path] = body.DeepClone().AsObject();
        Record(isNew ? "ADDED" : "MODIFIED", path, body);
        Control();
        return _objects.GetValueOrDefault(path) ?? body;
    }

    private void Take(string path)
    {
        if (_objects.Remove(path, out var gone))
        {
            _version++;
            gone["metadata"]!["resourceVersion"] = Text(_version);
            foreach (var key in _fields.Keys.Where(one => one.Path == path).ToList())
            {
                _fields.Remove(key);
            }

            Record("DELETED", path, gone);
            Control();
        }
    }

    private void Record(string type, string path, JsonObject body)
    {
        _changes.Add(new Happening(_version, type, path, body.DeepClone().AsObject()));
        Signal();
    }

    private void Signal()
    {
        _changed.TrySetResult();
        _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    private static string Stamp(TimeSpan later) => (TimeProvider.System.GetUtcNow() + later).ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", System.Globalization.CultureInfo.InvariantCulture);

    private IEnumerable<JsonObject> Selected(At at, IQueryCollection query) =>
        _objects.Where(one => Belongs(at, one.Key)).Select(one => one.Value).Where(one => Matches(one, query["labelSelector"], query["fieldSelector"]));

    // Without a namespace: those of all.
    private static bool Belongs(At at, string path)
    {
        var found = Locate(path);
        return found is not null && found.Group == at.Group && found.Plural == at.Plural && (at.Namespace is null || found.Namespace == at.Namespace);
    }

    private static bool Matches(JsonObject item, string? labels, string? fields) =>
        (labels ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries).Select(one => one.Split('=', 2)).All(one => item.Label(one[0]) == one[1])
        && (fields ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries).All(one => one.Split("!=") is [var not, var value] ? item.Text(not.Split('.')) != value
            : one.Split('=', 2) is [var path, var equal] && (item.Text(path.Split('.')) ?? "") == equal);

    /// <summary>An object's fields by path; lists are one.</summary>
    private static Dictionary<string, JsonNode> Leaves(JsonObject body, string path = "")
    {
        var leaves = new Dictionary<string, JsonNode>(StringComparer.Ordinal);
        foreach (var (name, value) in body)
        {
            var at = $"{path}.{name.Replace(".", "\\.", StringComparison.Ordinal)}";
            if (value is JsonObject { Count: > 0 } map)
            {
                foreach (var (inner, leaf) in Leaves(map, at))
                {
                    leaves[inner] = leaf;
                }
            }
            else if (value is not null && at is not (".apiVersion" or ".kind" or ".metadata.name" or ".metadata.namespace"))
            {
                leaves[at] = value;
            }
        }

        if (path.Length == 0)
        {
            foreach (var name in (string[])["apiVersion", "kind"])
            {
                leaves[$".{name}"] = body[name]!;
            }

            leaves[".metadata.name"] = body["metadata"]!["name"]!;
            if (body["metadata"]!["namespace"] is { } ns)
            {
                leaves[".metadata.namespace"] = ns;
            }
        }

        return leaves;
    }

    private static string[] Names(string field) => [.. System.Text.RegularExpressions.Regex.Split(field[1..], @"(?<!\\)\.").Select(name => name.Replace("\\.", ".", StringComparison.Ordinal))];

    private static void Set(JsonObject body, string field, JsonNode value)
    {
        var names = Names(field);
        foreach (var name in names[..^1])
        {
            if (body[name] is not JsonObject)
            {
                body[name] = new JsonObject();
            }

            body = body[name]!.AsObject();
        }

        body[names[^1]] = value.DeepClone();
    }

    private static void Remove(JsonObject body, string field)
    {
        var names = Names(field);
        JsonObject? at = body;
        foreach (var name in names[..^1])
        {
            at = at?[name] as JsonObject;
        }

        at?.Remove(names[^1]);
    }

    private sealed record Happening(int Version, string Type, string Path, JsonObject Object);
}
