using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Orrery.Catalogue.Documents;
using Orrery.Catalogue.Entries;
using Orrery.Contracts;

namespace Orrery.Catalogue.Exchange;

/// <summary>Entries in the shape that other catalogues have them in: flat, with the vendor as <c>provider</c>, the size as <c>modelSize</c> and the whole Dockerfile.</summary>
/// <remarks>Our own names for the two are taken as well, and every further field of an entry: nothing is lost on the way out and in again.</remarks>
internal static class ModelExchange
{
    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Each is looked through and reckoned.</summary>
    private const int MostEntries = 1_000;

    /// <summary>Their names for our fields.</summary>
    private static readonly (string Theirs, string Ours)[] Names = [("provider", "vendor"), ("modelSize", "weights"), ("model_size", "weights"), ("license", "licence")];

    /// <summary>
    /// The entries of a text: YAML (one document or several), JSON, or a JavaScript literal; each by itself, or as the spec of a <c>kind: Model</c>.
    /// Faults go to <paramref name="errors"/>, each with the entry's place in the list.
    /// </summary>
    /// <param name="origin">Where the text is from; absent: entries are called by their numbers.</param>
    /// <param name="namespace">Of Models that name none.</param>
    public static IReadOnlyList<Entry> Read(ReadOnlySpan<byte> bytes, FieldErrorList errors, string? origin = null, string @namespace = ResourceMetadata.DefaultNamespace)
    {
        string text;
        try
        {
            text = Utf8.GetString(bytes.StartsWith("\uFEFF"u8) ? bytes[3..] : bytes);
        }
        catch (DecoderFallbackException error)
        {
            errors.Add(0, new FieldError("", null, $"UTF-8 text; the byte at offset {error.Index} is none"), null);
            return [];
        }

        var nodes = Parse(text, errors);
        if (nodes.Count == 0 && !errors.Any)
        {
            errors.Add(0, new FieldError("", null, "at least one entry", "Send an entry, or a list of entries, as YAML, JSON or a JavaScript object literal."), null);
        }

        if (nodes.Count > MostEntries)
        {
            errors.Add(0, new FieldError("", $"{nodes.Count} of them", $"at most {MostEntries} entries in one text", "Send them in parts."), null);
            return [];
        }

        var entries = new List<Entry>();
        for (var i = 0; i < nodes.Count; i++)
        {
            errors.Document = i;
            var entry = nodes[i] is MappingNode document && document.Find("kind") is { } kind
                ? OfModel(document, kind, origin ?? $"entry {i + 1}", @namespace, errors)
                : EntryReader.Read(Renamed(nodes[i], errors, out var names), origin ?? $"entry {i + 1}", errors, names);
            if (entry is not null)
            {
                entries.Add(entry);
            }
        }

        return entries;
    }

    /// <summary>As others write it.</summary>
    /// <param name="dockerfile">The whole file, also where it follows from the engine.</param>
    /// <param name="resources">As reckoned, where the entry says nothing.</param>
    public static JsonObject Write(Entry entry, string? dockerfile, ModelResources? resources)
    {
        var written = JsonSerializer.SerializeToNode(entry.Spec, ContractsJson.Default.ModelSpec)!.AsObject();
        var shown = new JsonObject();
        foreach (var name in (string[])["id", "name", "description", "category", "vendor", "modelType", "engine"])
        {
            Move(written, name, shown);
        }

        shown["category"] = entry.Spec.EffectiveCategory;
        shown["dockerfile"] = dockerfile;
        shown["defaultPort"] = entry.Spec.EffectivePort;
        shown["defaultResources"] = JsonSerializer.SerializeToNode(resources, ContractsJson.Default.ModelResources);
        shown["recommendedInstance"] = entry.Spec.RecommendedInstance ?? entry.Recommended?.Instance.Id;
        foreach (var name in (string[])["tags", "weights", "documentation"])
        {
            Move(written, name, shown);
        }

        foreach (var name in written.Select(pair => pair.Key).Where(name => !shown.ContainsKey(name)).ToList())
        {
            Move(written, name, shown);
        }

        foreach (var absent in shown.Where(pair => pair.Value is null).Select(pair => pair.Key).ToList())
        {
            shown.Remove(absent);
        }

        return shown;
    }

    private static void Move(JsonObject from, string name, JsonObject to)
    {
        if (from.Remove(name, out var value))
        {
            to[Names.FirstOrDefault(pair => pair.Ours == name && pair.Theirs != "license").Theirs ?? name] = value;
        }
    }

    private static List<DocumentNode> Parse(string text, FieldErrorList errors)
    {
        List<DocumentNode> documents;
        var asJson = new FieldErrorList();
        if (JsonDocuments.Read(Utf8.GetBytes(text), asJson) is { } json)
        {
            errors.Take(asJson);
            documents = [json];
        }
        else if (LooksLikeJavaScript(text))
        {
            var asScript = new FieldErrorList();
            documents = JavaScriptDocuments.Read(text, asScript) is { } script ? [script] : [];
            if (asScript.Any && FlowYaml(text) is { } flow)
            {
                documents = flow;
            }
            else
            {
                errors.Take(asScript);
            }
        }
        else
        {
            documents = YamlDocuments.Read(text, errors);
        }

        return [.. documents.SelectMany(document => document is SequenceNode list ? list.Items : [document])];
    }

    /// <summary>
    /// The documents of a text in YAML's flow style, where it is that and no script: <c>{id: acme, modelType: chat}</c>. In a script the word <c>chat</c> would be a name,
    /// and names are refused there; a word that is no type of model may well be one.
    /// </summary>
    private static List<DocumentNode>? FlowYaml(string text)
    {
        var errors = new FieldErrorList();
        var documents = YamlDocuments.Read(text, errors);
        var entries = documents.SelectMany(document => document is SequenceNode list ? list.Items : [document]).ToList();
        return !errors.Any && entries.Count > 0 && entries.TrueForAll(IsPlainly) ? documents : null;

        static bool IsPlainly(DocumentNode node) => node is MappingNode mapping
            && ((mapping.Find("kind") is ScalarNode kind && IsPlain(kind)) || (mapping.Find("modelType") is ScalarNode type && IsPlain(type) && ModelTypes.All.Contains(type.Value)));

        // What stands in quotes begins behind them.
        static bool IsPlain(ScalarNode scalar) => scalar.TextAt == scalar.At;
    }

    /// <summary>What begins with a bracket and is no JSON, or with a word of JavaScript.</summary>
    private static bool LooksLikeJavaScript(string text)
    {
        var rest = text.AsSpan().TrimStart();
        while (rest.StartsWith("//") || rest.StartsWith("/*"))
        {
            var end = rest[1] == '/' ? rest.IndexOf('\n') : rest.IndexOf("*/") + 1;
            if (end <= 0)
            {
                return true;
            }

            rest = rest[(end + 1)..].TrimStart();
        }

        return rest is ['{' or '[' or '(', ..] || StartsWithWord(rest);
    }

    private static bool StartsWithWord(ReadOnlySpan<char> text)
    {
        foreach (var word in (string[])["export ", "module.exports", "const ", "let ", "var "])
        {
            if (text.StartsWith(word))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>The spec of a Model's document, which is read as it is when it is applied: envelope, name and namespace count.</summary>
    private static Entry? OfModel(MappingNode document, DocumentNode kind, string origin, string @namespace, FieldErrorList errors)
    {
        if (kind is not ScalarNode { Value: nameof(ResourceKind.Model) })
        {
            errors.Add(errors.Document, new FieldError("kind", (kind as ScalarNode)?.Written, "Model, or an entry by itself, without kind", "Other kinds are sent to /apply."), kind.At);
            return null;
        }

        var shape = new ShapeCheck(hidesValues: false);
        var envelope = Envelope.Read(document, shape);
        var metadata = envelope.Metadata is null ? null : DocumentReader.ReadMetadata(envelope.Metadata, new DocumentContext(@namespace), shape, document.At);
        if (metadata is not null)
        {
            var found = new FieldErrors();
            MetadataRules.Validate(metadata, found);
            shape.AddFound(found);
        }

        foreach (var (error, at) in shape.Errors)
        {
            errors.Add(errors.Document, error, at);
        }

        return EntryReader.Read(envelope.Spec ?? new MappingNode(document.At, []), origin, errors, EntryReader.InsideModel) is { } entry ? entry with { Metadata = metadata } : null;
    }

    /// <summary>With our names; messages keep the author's.</summary>
    private static DocumentNode Renamed(DocumentNode node, FieldErrorList errors, out PathMap names)
    {
        names = new PathMap();
        if (node is not MappingNode mapping)
        {
            return node;
        }

        var entries = new List<MappingEntry>();
        var written = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var entry in mapping.Entries)
        {
            var ours = Names.FirstOrDefault(pair => pair.Theirs == entry.Key || pair.Ours == entry.Key).Ours;
            if (ours is null)
            {
                entries.Add(entry);
            }
            else if (written.TryAdd(ours, entry.Key))
            {
                names.Add($"spec.{ours}", entry.Key);
                entries.Add(entry with { Key = ours });
            }
            else
            {
                errors.Add(errors.Document, new FieldError(entry.Key, null, "a field that is given once", $"It is written as {written[ours]} and as {entry.Key}: keep one."), entry.KeyAt);
            }
        }

        return mapping with { Entries = entries };
    }
}
