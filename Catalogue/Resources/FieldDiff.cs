using System.Text.Json;
using Orrery.Contracts;

namespace Orrery.Catalogue.Resources;

/// <summary>One field that a change touches. A secret's values are not shown, only that they differ.</summary>
internal sealed record FieldChange(string Path, JsonElement? From, JsonElement? To);

/// <summary>Which fields two shapes of a resource differ in.</summary>
internal static class FieldDiff
{
    public static IReadOnlyList<FieldChange> Between(StoredResource? before, StoredResource? after)
    {
        if (before is null || after is null)
        {
            return [];
        }

        var changes = new List<FieldChange>();
        Compare("metadata.labels", Labels(before.Metadata.Labels), Labels(after.Metadata.Labels), changes);
        Compare("metadata.annotations", Labels(before.Metadata.Annotations), Labels(after.Metadata.Annotations), changes);
        if (before.Spec is SealedSecretSpec old && after.Spec is SealedSecretSpec wanted)
        {
            changes.AddRange(old.Data.Keys.Union(wanted.Data.Keys)
                .Where(key => !ReferenceEquals(old.Data.GetValueOrDefault(key), wanted.Data.GetValueOrDefault(key)))
                .Order(StringComparer.Ordinal)
                .Select(key => new FieldChange($"spec.data.{key}", null, null)));
        }
        else
        {
            Compare("spec", before.ShownSpec(), after.ShownSpec(), changes);
        }

        return changes;
    }

    /// <summary>Sealed values that were not changed are the same object (<see cref="Secrets.SecretVault.Seal"/>).</summary>
    public static bool SameSpec(object a, object b, KindDefinition definition) => (a, b) switch
    {
        (SealedSecretSpec x, SealedSecretSpec y) => x.Data.Count == y.Data.Count && x.Data.All(pair => ReferenceEquals(pair.Value, y.Data.GetValueOrDefault(pair.Key))),
        _ => JsonElement.DeepEquals(JsonSerializer.SerializeToElement(a, definition.Spec), JsonSerializer.SerializeToElement(b, definition.Spec)),
    };

    public static bool SameMetadata(ResourceMetadata a, ResourceMetadata b) =>
        JsonElement.DeepEquals(Labels(a.Labels), Labels(b.Labels)) && JsonElement.DeepEquals(Labels(a.Annotations), Labels(b.Annotations))
        && (a.Finalizers ?? []).SequenceEqual(b.Finalizers ?? []) && (a.OwnerReferences ?? []).SequenceEqual(b.OwnerReferences ?? []);

    private static JsonElement Labels(IReadOnlyDictionary<string, string>? labels) =>
        JsonSerializer.SerializeToElement(labels ?? new Dictionary<string, string>(), ContractsJson.Default.IReadOnlyDictionaryStringString);

    private static void Compare(string path, JsonElement? before, JsonElement? after, List<FieldChange> changes)
    {
        if (before is { ValueKind: JsonValueKind.Object } a && after is { ValueKind: JsonValueKind.Object } b)
        {
            foreach (var name in a.EnumerateObject().Concat(b.EnumerateObject()).Select(property => property.Name).Distinct(StringComparer.Ordinal))
            {
                Compare($"{path}.{name}", Find(a, name), Find(b, name), changes);
            }
        }
        else if (before is { ValueKind: JsonValueKind.Array } x && after is { ValueKind: JsonValueKind.Array } y)
        {
            for (var i = 0; i < Math.Max(x.GetArrayLength(), y.GetArrayLength()); i++)
            {
                Compare($"{path}[{i}]", i < x.GetArrayLength() ? x[i] : null, i < y.GetArrayLength() ? y[i] : null, changes);
            }
        }
        else if (before is null != after is null || (before is { } was && after is { } will && !JsonElement.DeepEquals(was, will)))
        {
            changes.Add(new FieldChange(path, before, after));
        }
    }

    private static JsonElement? Find(JsonElement element, string name) => element.TryGetProperty(name, out var value) ? value : null;
}
