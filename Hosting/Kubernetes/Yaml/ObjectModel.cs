using System.Collections;
using System.Reflection;
using Aspire.Hosting.Kubernetes.Resources;

namespace Aspire.Hosting.Kubernetes.Yaml;

/// <summary>From objects of the Kubernetes API to YAML: properties in the order of their declaration, in camel case, without what is null or empty.</summary>
internal static class ObjectModel
{
    private static readonly string[] First = [nameof(BaseKubernetesObject.ApiVersion), nameof(BaseKubernetesObject.Kind), nameof(BaseKubernetesResource.Metadata)];

    public static YamlMap MapOf(object value)
    {
        var map = new YamlMap();
        foreach (var property in Properties(value.GetType()))
        {
            if (property.GetValue(value) is { } member && NodeOf(member) is var node && (node is not YamlCollection { IsEmpty: true } || SaysByBeingThere(property)))
            {
                map.Add(char.ToLowerInvariant(property.Name[0]) + property.Name[1..], node);
            }
        }

        return map;
    }

    public static YamlNode NodeOf(object value) => value switch
    {
        string text => new YamlScalar(ChartText.Template(text)),
        bool flag => flag,
        int or long => YamlScalar.Plain(FormattableString.Invariant($"{value}")),
        Int32OrStringV1 { Number: { } number } => number,
        Int32OrStringV1 { Text: { } text } => text.All(char.IsAsciiDigit) || ChartText.IsNumeric(text) ? YamlScalar.Plain(text) : new YamlScalar(ChartText.Template(text)),
        IDictionary dictionary => MapOf(dictionary),
        IEnumerable elements => ListOf(elements),
        _ => MapOf(value),
    };

    // What may be null and is not, says something even without members: emptyDir: {}.
    private static bool SaysByBeingThere(PropertyInfo property) =>
        property.SetMethod is not null && new NullabilityInfoContext().Create(property).WriteState == NullabilityState.Nullable;

    private static YamlMap MapOf(IDictionary dictionary)
    {
        var map = new YamlMap();
        foreach (DictionaryEntry entry in dictionary)
        {
            map.Add((string)entry.Key, NodeOf(entry.Value ?? ""));
        }

        return map;
    }

    private static YamlList ListOf(IEnumerable elements)
    {
        var list = new YamlList();
        foreach (var element in elements)
        {
            list.Add(NodeOf(element));
        }

        return list;
    }

    private static IEnumerable<PropertyInfo> Properties(Type type) => type
        .GetProperties(BindingFlags.Public | BindingFlags.Instance)
        .Where(property => property.GetIndexParameters().Length == 0 && property.Name is not (nameof(Workload.PodTemplate) or "EqualityContract"))
        .OrderBy(property => Array.IndexOf(First, property.Name) is var at and >= 0 ? at : First.Length)
        .ThenBy(property => property.MetadataToken);
}
