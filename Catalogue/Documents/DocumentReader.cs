using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Orrery.Catalogue.Documents.Shapes;
using Orrery.Catalogue.Resources;
using Orrery.Contracts;

namespace Orrery.Catalogue.Documents;

/// <summary>One document of a request, read and held against its kind's rules.</summary>
/// <param name="Index">Its place in the request, from 0.</param>
/// <param name="Spec">Of the kind's spec type.</param>
/// <param name="PlaceOf">Where a field stands, for faults that only the whole shows.</param>
internal sealed record DeclaredResource(int Index, KindDefinition Definition, ResourceMetadata Metadata, object Spec, Func<string, Position>? PlaceOf = null)
{
    /// <summary>What a field is called in the document.</summary>
    public Func<string, string>? PathOf { get; init; }

    /// <summary>The document that it was made from; <c>null</c>: it was declared as it is.</summary>
    public PastedDocument? Pasted { get; init; }

    public ResourceKey Key => new(Definition.Kind, Metadata.Namespace, Metadata.Name);
}

/// <summary>What is known about a document before it is read: a PUT names the resource in its URL.</summary>
/// <param name="Namespace">Where a document names none.</param>
internal sealed record DocumentContext(string Namespace, ResourceKey? Target = null)
{
    /// <summary>What pasted documents may read of the service's environment.</summary>
    public EnvironmentValues Environment { get; init; } = EnvironmentValues.None;

    /// <summary>The kind whose spec a document without an envelope is; <c>null</c>: every document has one, or another system's shape.</summary>
    public ResourceKind? SpecOf { get; init; }
}

/// <summary>Text → documents → declared resources, with every fault of every document.</summary>
internal static class DocumentReader
{
    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    public static IReadOnlyList<DeclaredResource> Read(ReadOnlySpan<byte> text, bool isJson, DocumentContext context, FieldErrorList errors)
    {
        var resources = new List<DeclaredResource>();
        var documents = Parse(text, isJson, errors);
        if (documents.Count == 0 && !errors.Any)
        {
            errors.Add(0, new FieldError("", null, "at least one document", "Send a resource as YAML or JSON."), null);
        }

        for (var i = 0; i < documents.Count; i++)
        {
            if (context.SpecOf is { } kind && SpecAlone(documents[i], kind) is { } whole)
            {
                documents[i] = whole;
            }

            if (context.Target is null && PastedShapes.Read(documents[i], context.Environment) is { } pasted)
            {
                resources.AddRange(ReadPasted(i, pasted, context, errors));
            }
            else if (ReadOne(i, documents[i], context, errors) is { } resource)
            {
                resources.Add(resource);
            }
        }

        return resources;
    }

    /// <summary>A spec in an envelope; a name beside its fields is the short form's, and counts for nothing.</summary>
    private static MappingNode? SpecAlone(DocumentNode node, ResourceKind kind)
    {
        if (node is not MappingNode mapping || PastedShapes.IsResource(mapping))
        {
            return null;
        }

        var name = new ScalarNode(mapping.At, ScalarKind.Text, "unnamed", "unnamed");
        return new MappingNode(mapping.At,
        [
            new MappingEntry("kind", mapping.At, new ScalarNode(mapping.At, ScalarKind.Text, kind.Name, kind.Name)),
            new MappingEntry("metadata", mapping.At, new MappingNode(mapping.At, [new MappingEntry("name", mapping.At, name)])),
            new MappingEntry("spec", mapping.At, new MappingNode(mapping.At, [.. mapping.Entries.Where(entry => entry.Key != "name")])),
        ]);
    }

    private static List<DocumentNode> Parse(ReadOnlySpan<byte> text, bool isJson, FieldErrorList errors)
    {
        text = text.StartsWith("\uFEFF"u8) ? text[3..] : text;
        var documents = new List<DocumentNode>();
        var asJson = new FieldErrorList();
        var looksLikeJson = text.TrimStart(" \t\r\n"u8) is [(byte)'{' or (byte)'[', ..];
        if ((isJson || looksLikeJson) && JsonDocuments.Read(text, asJson) is { } node)
        {
            documents.Add(node);
            errors.Take(asJson);
        }
        else if (isJson)
        {
            errors.Take(asJson);
        }
        else
        {
            ParseYaml(text, looksLikeJson ? asJson : null, documents, errors);
        }

        return [.. documents.SelectMany(document => document is SequenceNode list ? list.Items : [document])];
    }

    /// <param name="asJson">What is wrong with the text as JSON, where it began like JSON: <c>{a: b}</c> is YAML, a lost comma is neither.</param>
    private static void ParseYaml(ReadOnlySpan<byte> text, FieldErrorList? asJson, List<DocumentNode> documents, FieldErrorList errors)
    {
        var asYaml = new FieldErrorList();
        try
        {
            documents.AddRange(YamlDocuments.Read(Utf8.GetString(text), asYaml));
        }
        catch (DecoderFallbackException error)
        {
            asYaml.Add(0, new FieldError("", null, $"UTF-8 text; the byte at offset {error.Index} is none"), null);
        }

        errors.Take(asYaml.Any && asJson is not null ? asJson : asYaml);
    }

    private static List<DeclaredResource> ReadPasted(int index, PastedDocument pasted, DocumentContext context, FieldErrorList errors)
    {
        foreach (var (error, at) in pasted.Errors)
        {
            errors.Add(index, error, at);
        }

        return
        [
            .. pasted.Resources.Select(draft => ReadOne(index, draft.Document, context, errors, draft.Paths)).OfType<DeclaredResource>()
                .Select(resource => resource with { Pasted = pasted }),
        ];
    }

    private static DeclaredResource? ReadOne(int index, DocumentNode node, DocumentContext context, FieldErrorList errors, PathMap? written = null)
    {
        if (node is not MappingNode mapping)
        {
            errors.Add(index, new FieldError("", null, "a resource: a mapping with apiVersion, kind, metadata and spec", $"There is {node.Describe()} now."), node.At);
            return null;
        }

        var kind = mapping.Find("kind");
        var definition = kind is null && context.Target is { } target ? ResourceKinds.Of(target.Kind) : ResourceKinds.ByName((kind as ScalarNode)?.Value);
        var shape = new ShapeCheck(definition?.IsSecret ?? true, written);
        var resource = ReadEnvelope(index, mapping, definition, context, shape);
        foreach (var (error, at) in shape.Errors)
        {
            errors.Add(index, error, at);
        }

        return resource;
    }

    private static DeclaredResource? ReadEnvelope(int index, MappingNode mapping, KindDefinition? definition, DocumentContext context, ShapeCheck shape)
    {
        var envelope = Envelope.Read(mapping, shape);
        var metadata = ReadMetadata(envelope.Metadata, context, shape, mapping.At);
        RequireKnownKind(envelope, definition, context, shape, mapping.At);
        if (definition is null)
        {
            return null;
        }

        var empty = new MappingNode(mapping.At, []);
        if (envelope.Spec is null && ShapeCheck.Fields(definition.Spec).Any(ShapeCheck.IsRequired))
        {
            shape.Add("spec", null, "required: a mapping that says what is wanted", null, mapping.At);
            return null;
        }

        var spec = JsonSerializer.Deserialize(shape.Read(envelope.Spec ?? empty, definition.Spec, "spec"), definition.Spec)!;
        var found = new FieldErrors();
        definition.Validate(spec, found);
        MetadataRules.Validate(metadata, found);
        shape.AddFound(found);
        return new DeclaredResource(index, definition, metadata, spec, shape.PlaceOf) { PathOf = shape.PathOf };
    }

    internal static ResourceMetadata ReadMetadata(DocumentNode? node, DocumentContext context, ShapeCheck shape, Position at)
    {
        var info = ContractsJson.Default.ResourceMetadata;
        var written = node is MappingNode mapping ? mapping : new MappingNode(node?.At ?? at, []);
        if (node is not null and not MappingNode and not ScalarNode { Kind: ScalarKind.Null })
        {
            shape.Read(node, info, "metadata");
        }

        var entries = written.Entries.ToList();
        AddDefault(entries, "namespace", context.Target?.Namespace ?? context.Namespace, written.At);
        if (context.Target is { } target)
        {
            AddDefault(entries, "name", target.Name, written.At);
        }

        var metadata = ((JsonObject)shape.Read(new MappingNode(written.At, entries), info, "metadata")).Deserialize(info)!;
        RequireTarget(metadata, context.Target, shape);
        return metadata;
    }

    private static void RequireTarget(ResourceMetadata metadata, ResourceKey? target, ShapeCheck shape)
    {
        if (target is not null && metadata.Name != target.Name)
        {
            shape.Add("metadata.name", metadata.Name, $"{target.Name}, as in the URL", null, shape.PlaceOf("metadata.name"));
        }

        if (target is not null && metadata.Namespace != target.Namespace)
        {
            shape.Add("metadata.namespace", metadata.Namespace, $"{target.Namespace}, as in the URL", null, shape.PlaceOf("metadata.namespace"));
        }
    }

    private static void RequireKnownKind(Envelope envelope, KindDefinition? definition, DocumentContext context, ShapeCheck shape, Position at)
    {
        var kinds = ResourceKind.All.Select(kind => kind.Name).ToList();
        if (definition is null)
        {
            var written = (envelope.Kind as ScalarNode)?.Value;
            var nearest = written is null ? null : Spelling.Nearest(written, kinds);
            shape.Add("kind", null, "required: one of " + string.Join(", ", kinds), nearest is null ? null : $"Did you mean '{nearest}'?", envelope.Kind?.At ?? at);
        }
        else if (context.Target is { } target && definition.Kind != target.Kind)
        {
            shape.Add("kind", definition.Kind.Name, $"{target.Kind.Name}, as in the URL", null, envelope.Kind!.At);
        }
    }

    private static void AddDefault(List<MappingEntry> entries, string key, string value, Position at)
    {
        if (!entries.Exists(entry => entry.Key == key))
        {
            entries.Add(new MappingEntry(key, at, new ScalarNode(at, ScalarKind.Text, value, value)));
        }
    }
}
