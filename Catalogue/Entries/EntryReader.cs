using System.Text.Json;
using Orrery.Catalogue.Documents;
using Orrery.Contracts;

namespace Orrery.Catalogue.Entries;

/// <summary>An entry's file → the entry, with every fault of its shape. What an entry says is a Model's spec, without the envelope.</summary>
internal static class EntryReader
{
    private const string Root = "spec";

    /// <summary>The names of a Model's document, where the entry is its spec.</summary>
    public static PathMap InsideModel
    {
        get
        {
            var names = new PathMap();
            names.Add(Root, Root);
            return names;
        }
    }

    /// <summary>The entry, unless the tree is none at all; <paramref name="errors"/> may have faults although there is one.</summary>
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
            ModelRules.Check(spec, found);
            shape.AddFound(found);
        }

        foreach (var (error, at) in shape.Errors)
        {
            errors.Add(errors.Document, error, at);
        }

        return spec is null ? null : new Entry(spec, origin)
        {
            PlaceOf = field => shape.PlaceOf(PathMap.Join(Root, field)),
            NameOf = field => shape.PathOf(PathMap.Join(Root, field)),
        };
    }
}
