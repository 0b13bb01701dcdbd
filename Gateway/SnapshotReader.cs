using System.Buffers;
using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Orrery.Contracts;

namespace Orrery.Gateway;

/// <summary>
/// Reads whole snapshots, and takes each entry that says what it said in the last one for the same object: a large snapshot that comes again is neither read nor built as a
/// whole, and the collector is left alone.
/// </summary>
internal sealed class SnapshotReader
{
    private readonly Known<SnapshotModel> _models = new(ContractsJson.Default.SnapshotModel);
    private readonly Known<SnapshotProvider> _providers = new(ContractsJson.Default.SnapshotProvider);
    private readonly Known<SnapshotKey> _keys = new(ContractsJson.Default.SnapshotKey);
    private readonly Known<SnapshotRoute> _routes = new(ContractsJson.Default.SnapshotRoute);
    private readonly Known<SnapshotTeam> _teams = new(ContractsJson.Default.SnapshotTeam);

    /// <exception cref="JsonException">It is no snapshot.</exception>
    public SnapshotDocument Read(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json);
        var rest = new ArrayBufferWriter<byte>();
        IReadOnlyList<SnapshotModel>? models = null;
        IReadOnlyList<SnapshotProvider>? providers = null;
        IReadOnlyList<SnapshotKey>? keys = null;
        IReadOnlyList<SnapshotRoute>? routes = null;
        IReadOnlyList<SnapshotTeam>? teams = null;
        using (var others = new Utf8JsonWriter(rest))
        {
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
            {
                throw new JsonException($"The snapshot is {reader.TokenType}; expected an object.");
            }

            others.WriteStartObject();
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                if (!_models.TryRead(ref reader, "models"u8, json, ref models)
                    && !_providers.TryRead(ref reader, "providers"u8, json, ref providers)
                    && !_keys.TryRead(ref reader, "keys"u8, json, ref keys)
                    && !_routes.TryRead(ref reader, "routes"u8, json, ref routes)
                    && !_teams.TryRead(ref reader, "teams"u8, json, ref teams))
                {
                    others.WritePropertyName(reader.GetString()!);
                    others.WriteRawValue(Raw(ref reader, json), skipInputValidation: true);
                }
            }

            others.WriteEndObject();
        }

        var document = JsonSerializer.Deserialize(rest.WrittenSpan, ContractsJson.Default.SnapshotDocument)!;
        return document with
        {
            Models = models ?? document.Models,
            Providers = providers ?? document.Providers,
            Keys = keys ?? document.Keys,
            Routes = routes ?? document.Routes,
            Teams = teams ?? document.Teams,
        };
    }

    /// <summary>The bytes of the value that begins next.</summary>
    private static ReadOnlySpan<byte> Raw(ref Utf8JsonReader reader, ReadOnlySpan<byte> json)
    {
        reader.Read();
        return Here(ref reader, json);
    }

    private static ReadOnlySpan<byte> Here(ref Utf8JsonReader reader, ReadOnlySpan<byte> json)
    {
        var start = (int)reader.TokenStartIndex;
        reader.Skip();
        return json[start..(int)reader.BytesConsumed];
    }

    /// <summary>The entries of one list, by what they said.</summary>
    private sealed class Known<T>(JsonTypeInfo<T> type)
        where T : class
    {
        private Dictionary<UInt128, T> _entries = [];
        private IReadOnlyList<T> _last = [];

        /// <returns><c>false</c>: this property is another, or no list.</returns>
        public bool TryRead(ref Utf8JsonReader reader, ReadOnlySpan<byte> name, ReadOnlySpan<byte> json, ref IReadOnlyList<T>? list)
        {
            if (!reader.ValueTextEquals(name))
            {
                return false;
            }

            var ahead = reader;
            if (!ahead.Read() || ahead.TokenType != JsonTokenType.StartArray)
            {
                return false;
            }

            reader = ahead;
            list = ReadList(ref reader, json);
            return true;
        }

        private IReadOnlyList<T> ReadList(ref Utf8JsonReader reader, ReadOnlySpan<byte> json)
        {
            var (read, entries) = (new List<T>(_last.Count), new Dictionary<UInt128, T>(_last.Count));
            while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
            {
                var raw = Here(ref reader, json);
                var content = ContentOf(raw);
                if (!_entries.TryGetValue(content, out var entry))
                {
                    entry = JsonSerializer.Deserialize(raw, type) ?? throw new JsonException($"The snapshot has a null among its entries; expected a {typeof(T).Name}.");
                }

                entries[content] = entry;
                read.Add(entry);
            }

            _entries = entries;
            if (!read.SequenceEqual(_last, ReferenceEqualityComparer.Instance))
            {
                _last = read;
            }

            return _last;
        }

        private static UInt128 ContentOf(ReadOnlySpan<byte> raw)
        {
            Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
            SHA256.HashData(raw, hash);
            return BinaryPrimitives.ReadUInt128LittleEndian(hash);
        }
    }
}
