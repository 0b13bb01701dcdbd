using System.Buffers;
using System.Text.Json;
using System.Text.Json.Nodes;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Kubernetes.Values;
using Aspire.Hosting.Publishing;

namespace Aspire.Hosting.Kubernetes;

/// <summary>The graph's parameters as values of the chart: each once, wherever and however often it is used.</summary>
internal sealed class ChartParameters(ChartValues values, DistributedApplicationExecutionContext execution)
{
    private readonly SortedDictionary<string, ParameterResource> _secrets = new(StringComparer.Ordinal);

    private readonly HashSet<string> _usedInUris = new(StringComparer.Ordinal);

    /// <summary>The secret parameters that the chart uses, by name.</summary>
    public IReadOnlyDictionary<string, ParameterResource> Secrets => _secrets;

    /// <summary>Where a parameter that is no secret is read.</summary>
    public string ExpressionOf(ParameterResource parameter)
    {
        var key = ChartNames.Key(parameter.Name);
        values.Section("parameters").Section(key).Text("value", Default(parameter), parameter.Description);
        var path = $".Values.parameters.{key}.value";
        return parameter.Default is null ? $"required \"parameters.{key}.value is missing\" {path}" : path;
    }

    /// <summary>Notes a secret, which gets a value, or the name of a Secret that holds it.</summary>
    public void AddSecret(ParameterResource parameter)
    {
        if (!_secrets.TryAdd(parameter.Name, parameter))
        {
            return;
        }

        var section = values.Section("secrets").Section(ChartNames.Key(parameter.Name), parameter.Description);
        section.Add("value", "", Schema.Text("^[^;,'\"$\\\\]*$"));
        section.Text("existingSecret", "");
        section.Text("existingSecretKey", "");
    }

    /// <summary>Notes that a secret stands in a URI somewhere: its Secret holds the encoded form as well.</summary>
    public void UseInUri(ParameterResource parameter) => _usedInUris.Add(parameter.Name);

    public bool IsUsedInUris(ParameterResource parameter) => _usedInUris.Contains(parameter.Name);

    /// <summary>How a secret is made where none is given: an expression, or null when it must be given.</summary>
    public string? GeneratorOf(ParameterResource parameter)
    {
        if (Describe(parameter)?["generate"] is not JsonObject generate)
        {
            return null;
        }

        var length = Math.Max(generate["minLength"]?.GetValue<int>() ?? 0, 22);
        var (lower, upper, numeric) = (Allowed("lower"), Allowed("upper"), Allowed("numeric"));
        var source = numeric ? lower || upper ? "randAlphaNum" : "randNumeric" : "randAlpha";
        var pieces = new List<string> { $"({source} {length}{(lower, upper) switch { (true, false) => " | lower", (false, true) => " | upper", _ => "" }})" };
        AddLeast("minLower", "randAlpha", " | lower");
        AddLeast("minUpper", "randAlpha", " | upper");
        AddLeast("minNumeric", "randNumeric", "");
        AddLeast("minSpecial", "repeat", " \"-\"");
        return pieces is [var only] ? only : $"(print {string.Join(' ', pieces)})";

        bool Allowed(string name) => generate[name]?.GetValue<bool>() ?? true;

        void AddLeast(string name, string function, string then)
        {
            if (generate[name]?.GetValue<int>() is { } count and > 0)
            {
                pieces.Add($"({function} {count}{then})");
            }
        }
    }

    /// <summary>A variable with a fixed text, which an operator may change.</summary>
    public void AddSetting(ChartWorkload workload, string name, string text) => values.Section("config").Section(workload.Key).Text(name, text);

    private static string Default(ParameterResource parameter) => parameter.Default?.GetDefaultValue() ?? "";

    // What a default says of itself in a manifest holds for a chart as well.
    private JsonObject? Describe(ParameterResource parameter)
    {
        if (parameter.Default is not { } fallback)
        {
            return null;
        }

        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            fallback.WriteToManifest(new ManifestPublishingContext(execution, "/", json));
            json.WriteEndObject();
        }

        return JsonNode.Parse(buffer.WrittenSpan) as JsonObject;
    }
}
