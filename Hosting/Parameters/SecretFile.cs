using System.Text.Json;
using System.Text.Json.Serialization;

namespace Aspire.Hosting.ApplicationModel;

/// <summary>Generated values that must be the same at the next run: <c>secrets.json</c> in the state directory, readable by its owner alone.</summary>
internal sealed class SecretFile(StateDirectory state)
{
    private string FilePath => Path.Combine(state.Path, "secrets.json");

    /// <summary>The remembered value of <paramref name="key"/>, or a new one that is remembered from now on.</summary>
    public string GetOrAdd(string key, Func<string> create)
    {
        state.Ensure();

        // Every parameter asks by itself, and two hosts may share a state directory: only one at a time reads and writes, or a value would be lost.
        using var held = FileLock.Take(FilePath + ".lock");
        var values = Read();
        if (!values.TryGetValue(key, out var value))
        {
            value = create();
            values[key] = value;
            Write(values);
        }

        return value;
    }

    /// <exception cref="DistributedApplicationException">The file is not what this class wrote.</exception>
    private SortedDictionary<string, string> Read()
    {
        if (!File.Exists(FilePath))
        {
            return new(StringComparer.Ordinal);
        }

        try
        {
            return JsonSerializer.Deserialize(File.ReadAllText(FilePath), SecretFileJson.Default.SortedDictionaryStringString) ?? [];
        }
        catch (JsonException error)
        {
            throw new DistributedApplicationException(
                $"{FilePath} holds the generated parameters and is not valid JSON. Mend it, or delete it together with the volumes beside it.", error);
        }
    }

    private void Write(SortedDictionary<string, string> values)
    {
        var draft = FilePath + ".new";
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite };
        using (var stream = new FileStream(draft, options))
        {
            JsonSerializer.Serialize(stream, values, SecretFileJson.Default.SortedDictionaryStringString);
            stream.Flush(flushToDisk: true);
        }

        File.Move(draft, FilePath, overwrite: true);
    }
}

[JsonSourceGenerationOptions(WriteIndented = true)]
[JsonSerializable(typeof(SortedDictionary<string, string>))]
internal sealed partial class SecretFileJson : JsonSerializerContext;
