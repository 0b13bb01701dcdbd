using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Orrery.Builder.Targets.Kubernetes.Client;

/// <summary>A mapping of a kubeconfig, with the file that it stands in: relative paths are meant from there.</summary>
/// <param name="Path">For messages: <c>users[ada].user.exec</c>.</param>
internal sealed record KubeConfigEntry(YamlMappingNode Node, string File, string Path)
{
    public static KubeConfigEntry? Load(string file)
    {
        try
        {
            var stream = new YamlStream();
            stream.Load(new StringReader(System.IO.File.ReadAllText(file)));
            return stream.Documents.Count == 0 ? null
                : stream.Documents[0].RootNode as YamlMappingNode is { } root ? new KubeConfigEntry(root, file, "")
                : throw Wrong($"{file} is no kubeconfig: it is no mapping. Expected kind: Config.");
        }
        catch (YamlException error)
        {
            throw Wrong($"{file}, line {error.Start.Line}: no well-formed YAML. Compare with the output of 'kubectl config view'.");
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw Wrong($"{file} cannot be read: {error.Message}");
        }
    }

    /// <summary>A scalar's text; empty is absent.</summary>
    public string? Text(string field) => Value(field) switch
    {
        null => null,
        YamlScalarNode { Value: null or "" or "~" } => null,
        YamlScalarNode { Value: "null", Style: ScalarStyle.Plain } => null,
        YamlScalarNode scalar => scalar.Value,
        _ => throw Fault(field, "a text"),
    };

    public bool Flag(string field) => Text(field) switch
    {
        null or "false" => false,
        "true" => true,
        _ => throw Fault(field, "true or false"),
    };

    public KubeConfigEntry? Map(string field) => Value(field) switch
    {
        null or YamlScalarNode { Value: null or "" or "~" or "null" } => null,
        YamlMappingNode map => new KubeConfigEntry(map, File, Inner(field)),
        _ => throw Fault(field, "a mapping"),
    };

    public IReadOnlyList<KubeConfigEntry> Maps(string field) => Value(field) switch
    {
        null or YamlScalarNode { Value: null or "" or "~" or "null" } => [],
        YamlSequenceNode list => [.. list.Children.Select((child, at) =>
            child is YamlMappingNode map ? new KubeConfigEntry(map, File, $"{Inner(field)}[{at}]") : throw Fault(field, "a list of mappings"))],
        _ => throw Fault(field, "a list"),
    };

    public IReadOnlyList<string> Texts(string field) => Value(field) switch
    {
        null or YamlScalarNode { Value: null or "" or "~" or "null" } => [],
        YamlSequenceNode list => [.. list.Children.Select(child => child is YamlScalarNode scalar ? scalar.Value ?? "" : throw Fault(field, "a list of texts"))],
        _ => throw Fault(field, "a list"),
    };

    public bool Has(string field) => Value(field) is not null;

    /// <summary>A path as it is written there, from the file's folder.</summary>
    public string? FilePath(string field) => Text(field) is { } path ? System.IO.Path.Combine(System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(File))!, path) : null;

    /// <summary>What a field says: <c>NAME-data</c> in base64 goes before the file that <c>NAME</c> names.</summary>
    public string? Content(string field)
    {
        if (Text(field + "-data") is { } data)
        {
            try
            {
                return System.Text.Encoding.UTF8.GetString(Convert.FromBase64String(data));
            }
            catch (FormatException)
            {
                throw Fault(field + "-data", "base64");
            }
        }

        if (FilePath(field) is not { } path)
        {
            return null;
        }

        try
        {
            return System.IO.File.ReadAllText(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw Fault(field, $"a file that can be read ({error.Message.TrimEnd('.')})");
        }
    }

    /// <summary>Names file and field; values are not repeated, since some are secrets.</summary>
    public TargetException Fault(string field, string expected, string? remedy = null) =>
        Wrong($"{File}: {Inner(field)}: expected {expected}.{(remedy is null ? "" : " " + remedy)}");

    public static TargetException Wrong(string message) => new("KubeConfig", message, isFinal: true);

    private string Inner(string field) => Path.Length == 0 ? field : $"{Path}.{field}";

    private YamlNode? Value(string field) => Node.Children.TryGetValue(new YamlScalarNode(field), out var value) ? value : null;
}
