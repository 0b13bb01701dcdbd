using System.Globalization;
using System.Text.Json;

namespace Orrery.Simulator;

/// <summary>How the program is started by <c>serve</c>.</summary>
/// <param name="Arguments">The same as configuration.</param>
/// <param name="Error">What vLLM would write before it ends; <c>null</c>: it starts.</param>
internal sealed record ServeStart(IReadOnlyList<string> Arguments, string? Error = null, int ExitCode = 0);

/// <summary>
/// <c>vllm serve</c>'s command line, so that the simulator stands in an image where vLLM would: names, address, length and adapters are taken over, what decides about real
/// hardware and weights is passed over.
/// </summary>
internal sealed class ServeCommand
{
    /// <summary>Python's argparse ends so.</summary>
    private const int Misused = 2;

    private const int Failed = 1;

    private readonly Dictionary<string, List<string>> _flags = new(StringComparer.Ordinal);
    private readonly List<string> _settings = [];
    private string? _model;

    private ServeCommand(IEnumerable<string> words)
    {
        List<string>? values = null;
        foreach (var word in words)
        {
            if (word.StartsWith("--", StringComparison.Ordinal))
            {
                var at = word.IndexOf('=', StringComparison.Ordinal);
                values = _flags[(at < 0 ? word : word[..at]).Replace('_', '-')] = at < 0 ? [] : [word[(at + 1)..]];
            }
            else if (values is not null)
            {
                values.Add(word);
            }
            else
            {
                _model ??= word;
            }
        }
    }

    /// <param name="words">What follows <c>serve</c>.</param>
    public static ServeStart Read(IReadOnlyList<string> words)
    {
        try
        {
            return new ServeStart(new ServeCommand(words).Settings());
        }
        catch (RefusedException refused)
        {
            return new ServeStart([], refused.Message, refused.ExitCode);
        }
    }

    private List<string> Settings()
    {
        const string Model = "Simulator:Models:0:";
        var model = One("--model") ?? _model ?? throw Misuse("the following arguments are required: model_tag");
        Set(Model + "Id", One("--served-model-name") ?? model);
        Set(Model + "Root", model);
        Set(Model + "Type", _flags.ContainsKey("--runner") && One("--runner") == "pooling" ? "embedding" : null);
        Set(Model + "ContextWindow", Number("--max-model-len"));
        Set(Model + "Changes:MaxSequences", Number("--max-num-seqs"));
        Set(Model + "Changes:MaxBatchedTokens", Number("--max-num-batched-tokens"));
        Set(Model + "Changes:KvBlocks", Number("--num-gpu-blocks-override"));
        Set(Model + "Changes:PrefixCaching", _flags.ContainsKey("--no-enable-prefix-caching") ? "false" : null);
        Set("Simulator:ApiKey", One("--api-key"));
        foreach (var (index, adapter) in Adapters().Index())
        {
            Set($"{Model}Adapters:{index}:Id", adapter.Name);
            Set($"{Model}Adapters:{index}:Path", adapter.Path);
        }

        _settings.Add($"--urls=http://{One("--host") ?? "0.0.0.0"}:{Number("--port") ?? "8000"}");
        return _settings;
    }

    /// <summary><c>name=path</c>, or JSON with <c>name</c> and <c>path</c>, which alone can say a comma or an equals sign.</summary>
    private List<(string Name, string Path)> Adapters()
    {
        const string Flag = "--lora-modules";
        var adapters = (_flags.GetValueOrDefault(Flag) ?? []).Where(word => word.Length > 0)
            .Select(word => word.Contains('=', StringComparison.Ordinal) && !word.Contains(',', StringComparison.Ordinal) ? Pair(word) : Fields(word)).ToList();
        return adapters.Count == 0 || _flags.ContainsKey("--enable-lora") ? adapters
            : throw new RefusedException("ValueError: Call to add_lora method failed: LoRA is not enabled. Use --enable-lora to enable LoRA.", Failed);

        static (string Name, string Path) Pair(string word) =>
            word.Split('=') is [var name, var path] ? (name, path) : throw new RefusedException("ValueError: too many values to unpack (expected 2)", Failed);

        static (string Name, string Path) Fields(string word)
        {
            try
            {
                using var json = JsonDocument.Parse(word);
                return json.RootElement.ValueKind == JsonValueKind.Object && Field(json, "name") is { } name && Field(json, "path") is { } path
                    ? (name, path)
                    : throw Misuse($"Invalid fields for {Flag}: {word}");
            }
            catch (JsonException)
            {
                throw Misuse($"Invalid JSON format for {Flag}: {word}");
            }
        }

        static string? Field(JsonDocument json, string name) => json.RootElement.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
    }

    private string? One(string flag) => _flags.GetValueOrDefault(flag) switch
    {
        null => null,
        [var value] => value,
        [] => throw Misuse($"argument {flag}: expected one argument"),
        _ => throw Misuse($"argument {flag}: the simulator takes one value"),
    };

    /// <summary>Numbers also as <c>8k</c> (8,000) and <c>8K</c> (8,192), as vLLM reads them.</summary>
    private string? Number(string flag)
    {
        if (One(flag) is not { Length: > 0 } text || text is "-1" or "auto")
        {
            return null;
        }

        var unit = text[^1] switch { 'k' => 1_000, 'K' => 1 << 10, 'm' => 1_000_000, 'M' => 1 << 20, _ => 1 };
        return long.TryParse(unit == 1 ? text : text[..^1], NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? (number * unit).ToString(CultureInfo.InvariantCulture)
            : throw Misuse($"argument {flag}: invalid int value: '{text}'");
    }

    private void Set(string key, string? value)
    {
        if (value is not null)
        {
            _settings.Add($"--{key}={value}");
        }
    }

    private static RefusedException Misuse(string fault) => new($"vllm serve: error: {fault}", Misused);

    private sealed class RefusedException(string message, int exitCode) : Exception(message)
    {
        public int ExitCode { get; } = exitCode;
    }
}
