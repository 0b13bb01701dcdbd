namespace Orrery.Catalogue.Documents.Shapes;

/// <summary>The traffic policy around an AI gateway's configuration: <c>on_http_request: [{type: ai-gateway, config: {…}}]</c>, or rules with <c>actions</c>.</summary>
internal static class AiGatewayPolicy
{
    private const string Action = "ai-gateway";

    public static void Read(PastedDocument document, MappingNode policy)
    {
        foreach (var entry in policy.Entries)
        {
            if (ShapeCheck.CamelCase(entry.Key) != "onHttpRequest")
            {
                document.Refuse(entry.Key, entry.KeyAt, null, "on_http_request alone", "Of a traffic policy only the action ai-gateway has a meaning here.");
            }
            else if (entry.Value is not SequenceNode rules)
            {
                document.Refuse(entry.Key, entry.Value.At, null, "a list of rules", $"There is {entry.Value.Describe()} now.");
            }
            else
            {
                for (var i = 0; i < rules.Items.Count; i++)
                {
                    ReadRule(document, rules.Items[i], $"{entry.Key}[{i}]");
                }

                if (rules.Items.Count == 0)
                {
                    document.Refuse(entry.Key, rules.At, null, $"a rule with the action {Action}");
                }
            }
        }
    }

    private static void ReadRule(PastedDocument document, DocumentNode node, string path)
    {
        if (node is not MappingNode rule)
        {
            document.Refuse(path, node.At, null, "a rule: a mapping with type and config", $"There is {node.Describe()} now.");
            return;
        }

        if (PastedShapes.Find(rule, "expressions") is { } expressions and not SequenceNode { Items.Count: 0 })
        {
            document.Refuse(path + ".expressions", expressions.At, null, "no expressions: what they name is not known here", "Declare a Route: its match, which may be an expression too, says which requests it is for.");
        }

        var name = NameOf(rule);
        if (PastedShapes.Find(rule, "actions") is not { } actions)
        {
            ReadAction(document, rule, path, ["type", "config", "name", "expressions"], name);
            return;
        }

        Refuse(document, rule, path, ["actions", "name", "expressions"]);
        if (actions is not SequenceNode list)
        {
            document.Refuse(path + ".actions", actions.At, null, "a list of actions", $"There is {actions.Describe()} now.");
            return;
        }

        for (var i = 0; i < list.Items.Count; i++)
        {
            if (list.Items[i] is MappingNode action)
            {
                ReadAction(document, action, $"{path}.actions[{i}]", ["type", "config", "name"], name);
            }
            else
            {
                document.Refuse($"{path}.actions[{i}]", list.Items[i].At, null, "an action: a mapping with type and config", $"There is {list.Items[i].Describe()} now.");
            }
        }
    }

    private static void ReadAction(PastedDocument document, MappingNode action, string path, string[] known, string? ruleName)
    {
        var type = PastedShapes.Find(action, "type");
        if (type is not ScalarNode { Value: Action })
        {
            document.Refuse(
                path + ".type", type?.At ?? action.At, (type as ScalarNode)?.Written, Action,
                "Other actions have no meaning here: limits, access and routes are declared as AccessKey, Team and Route.");
            return;
        }

        Refuse(document, action, path, known);
        if (PastedShapes.Find(action, "config") is MappingNode config)
        {
            AiGatewayShape.Read(document, config, path + ".config", NameOf(action) ?? ruleName);
        }
        else
        {
            document.Refuse(path + ".config", action.At, null, "required: a mapping with providers");
        }
    }

    private static string? NameOf(MappingNode mapping) => (PastedShapes.Find(mapping, "name") as ScalarNode)?.Value;

    private static void Refuse(PastedDocument document, MappingNode mapping, string path, string[] known)
    {
        foreach (var entry in mapping.Entries.Where(entry => !known.Contains(entry.Key)))
        {
            document.Refuse($"{path}.{entry.Key}", entry.KeyAt, null, $"a known field of {path}: {string.Join(", ", known)}");
        }
    }
}
