using Orrery.Contracts;

namespace Orrery.Catalogue.Documents.Shapes;

/// <summary><c>routes: [{match: {tag: regulated}, target: m1, fallback: []}]</c>: the first that matches decides, so the list's order becomes the routes'.</summary>
internal static class TagRouteShape
{
    private const int Step = 10;

    public static void Read(PastedDocument document, SequenceNode list, string path)
    {
        var known = new Dictionary<string, int>(StringComparer.Ordinal);
        for (var i = 0; i < list.Items.Count; i++)
        {
            var at = $"{path}[{i}]";
            if (list.Items[i] is not MappingNode route)
            {
                document.Refuse(at, list.Items[i].At, null, "a route: a mapping with match, target and fallback", $"There is {list.Items[i].Describe()} now.");
                continue;
            }

            var (name, from) = NameOf(route, at);
            if (known.TryGetValue(name, out var first))
            {
                document.Refuse(
                    from, route.At, null, $"a match, or a name, that no earlier route has; {path}[{first}] has it and decides before this one",
                    "Join the two, or give this one a name of its own.");
                continue;
            }

            known[name] = i;
            var draft = new ResourceDraft(ResourceKind.Route, name, new Origin(at, route.At), new Origin(from, route.At));
            if (PastedShapes.Find(route, "order") is null)
            {
                draft.Put(new Origin(at, route.At), (i + 1) * Step, "spec", "order");
            }

            foreach (var entry in route.Entries.Where(entry => entry.Key != "name"))
            {
                draft.Put(new Origin($"{at}.{entry.Key}", entry.Value.At), entry.Value, "spec", entry.Key);
            }

            document.Resources.Add(draft);
        }
    }

    /// <summary>Its own name, or one made of what it matches: that stays the same when target or order change.</summary>
    private static (string Name, string From) NameOf(MappingNode route, string path)
    {
        if (PastedShapes.Find(route, "name") is ScalarNode { Kind: ScalarKind.Text } named)
        {
            return (PastedNames.Of(named.Value), path + ".name");
        }

        var match = PastedShapes.Find(route, "match");
        var words = match is null ? "" : PastedNames.Of(Words(match));
        return (words.Length == 0 ? "route-all" : PastedNames.Of("route-" + words), path + (match is null ? "" : ".match"));
    }

    private static string Words(DocumentNode node) => node switch
    {
        MappingNode mapping => string.Join('-', mapping.Entries.Select(entry => (Key: ShapeCheck.CamelCase(entry.Key), entry.Value)).OrderBy(entry => entry.Key, StringComparer.Ordinal)
            .Select(entry => $"{entry.Key}-{Words(entry.Value)}")),
        SequenceNode list => string.Join('-', list.Items.Select(Words)),
        _ => (node as ScalarNode)?.Value ?? "",
    };
}
