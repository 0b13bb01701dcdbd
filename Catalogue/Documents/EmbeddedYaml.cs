using System.Reflection;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Orrery.Catalogue.Documents;

/// <summary>Data that comes with the service: YAML files in its assembly, named by their path in the project.</summary>
internal static class EmbeddedYaml
{
    private static readonly Assembly Home = typeof(EmbeddedYaml).Assembly;

    /// <summary>The paths below <paramref name="folder"/>, in order.</summary>
    public static IReadOnlyList<string> In(string folder) =>
        [.. Home.GetManifestResourceNames().Where(name => name.StartsWith(folder + "/", StringComparison.Ordinal) && name.EndsWith(".yaml", StringComparison.Ordinal)).Order(StringComparer.Ordinal)];

    public static string Text(string path)
    {
        using var stream = Home.GetManifestResourceStream(path) ?? throw new InvalidOperationException($"{path} is not in the assembly: EmbeddedResource in Catalogue.csproj.");
        using var reader = new StreamReader(stream, Encoding.UTF8);
        return reader.ReadToEnd();
    }

    /// <summary>A file whose faults are the build's: tests read every one.</summary>
    public static T Read<T>(string path, JsonTypeInfo<T> type)
    {
        var errors = new FieldErrorList();
        var node = YamlDocuments.Read(Text(path), errors).FirstOrDefault();
        var shape = new ShapeCheck(hidesValues: false);
        var json = node is null ? null : shape.Read(node, type, "");
        var faults = errors.All.Concat(shape.Errors.Select(found => found.Error with { Line = found.At.Line })).ToList();
        return faults.Count == 0 && json is not null
            ? json.Deserialize(type)!
            : throw new InvalidOperationException($"{path}: " + string.Join("; ", faults.Select(fault => $"line {fault.Line}: {fault.Path}: expected {fault.Expectation}")));
    }
}
