using System.Text.Json;
using Orrery.Catalogue.Documents;
using Orrery.Contracts;

namespace Orrery.Catalogue.Entries;

/// <summary>An entry's file → the entry, with every fault of its shape. What an entry says is a Model's spec, without the envelope.</summary>
internal static class EntryReader
{
    private const string Root = "spec";

    /// <summary>The entry, unless the text cannot be read at all; <paramref name="errors"/> may have faults although there is one.</summary>
    public static Entry? Read(string text, string origin, FieldErrorList errors)
    {
        var documents = YamlDocuments.Read(text, errors);
        if (documents.Count > 1)
        {
            errors.Add(0, new FieldError("", null, "one entry a file", "Put each model into a file of its own."), documents[1].At);
        }

        return documents.Count == 0 ? None(errors) : Read(documents[0], origin, errors);
    }

    /// <summary>From a tree that was read already.</summary>
    /// <param name="written">What fields are called in the text, where its names are others.</param>
    public static Entry? Read(DocumentNode node, string origin, FieldErrorList errors, PathMap? written = null)
    {
        var names = written ?? new PathMap();
        names.Add(Root, "");
        var shape = new ShapeCheck(hidesValues: false, names);
        var json = shape.Read(node, ContractsJson.Default.ModelSpec, Root);
        var spec = node is MappingNode ? json.Deserialize(ContractsJson.Default.ModelSpec) : null;
        if (spec is not null)
        {
            var found = new FieldErrors();
            spec.Validate(found);
            shape.AddFound(found);
        }

        foreach (var (error, at) in shape.Errors)
        {
            errors.Add(errors.Document, error, at);
        }

        return spec is null ? null : new Entry(spec, origin) { PlaceOf = field => shape.PlaceOf(PathMap.Join(Root, field)) };
    }

    private static Entry? None(FieldErrorList errors)
    {
        if (!errors.Any)
        {
            errors.Add(0, new FieldError("", null, "an entry: id, modelType, engine and what is known of the model"), null);
        }

        return null;
    }
}
