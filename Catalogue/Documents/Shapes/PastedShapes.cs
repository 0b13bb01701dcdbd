namespace Orrery.Catalogue.Documents.Shapes;

/// <summary>Recognises documents of other systems by what they hold, and turns them into resources.</summary>
internal static class PastedShapes
{
    private static readonly string[] OfResources = ["kind", "apiVersion", "metadata", "spec"];

    private static readonly string[] OfAiGateway =
    [
        "perRequestTimeout", "totalTimeout", "onlyAllowConfiguredProviders", "onlyAllowConfiguredModels", "modelSelection", "apiKeySelection", "onError", "maxInputTokens",
        "maxOutputTokens",
    ];

    private static readonly string[] OfCustomProviders = ["type", "baseUrl", "apiKey", "apiKeys", "authType", "endpoints"];

    /// <returns><c>null</c>: it is no such document, and may be a resource.</returns>
    public static PastedDocument? Read(DocumentNode node, EnvironmentValues environment)
    {
        if (node is not MappingNode mapping || IsResource(mapping))
        {
            return null;
        }

        var document = new PastedDocument(environment);
        if (Find(mapping, "onHttpRequest") is not null)
        {
            AiGatewayPolicy.Read(document, mapping);
        }
        else if (IsAiGateway(mapping))
        {
            AiGatewayShape.Read(document, mapping, "");
        }
        else if (Find(mapping, "providers") is SequenceNode || Find(mapping, "routes") is SequenceNode)
        {
            ReadLists(document, mapping);
        }
        else if (IsCustomProvider(mapping))
        {
            CustomProviderShape.Read(document, mapping, "");
        }
        else if (DeploymentShape.Is(mapping))
        {
            DeploymentShape.Read(document, mapping);
        }
        else
        {
            return null;
        }

        return document;
    }

    /// <summary>Whether it is one of ours, in its envelope.</summary>
    public static bool IsResource(MappingNode mapping) => OfResources.Any(name => Find(mapping, name) is not null);

    /// <summary>The field under its name in camelCase or snake_case.</summary>
    public static DocumentNode? Find(MappingNode mapping, string name) => mapping.Entries.FirstOrDefault(entry => ShapeCheck.CamelCase(entry.Key) == name)?.Value;

    private static bool IsAiGateway(MappingNode mapping) =>
        OfAiGateway.Any(name => Find(mapping, name) is not null)
        || (Find(mapping, "providers") is SequenceNode { Items: [MappingNode first, ..] } && Find(first, "id") is not null && Find(first, "name") is null);

    private static bool IsCustomProvider(MappingNode mapping) => Find(mapping, "name") is not null && OfCustomProviders.Any(name => Find(mapping, name) is not null);

    /// <summary><c>providers:</c> and <c>routes:</c>, either or both.</summary>
    private static void ReadLists(PastedDocument document, MappingNode mapping)
    {
        foreach (var entry in mapping.Entries)
        {
            if (entry.Key is not ("providers" or "routes"))
            {
                document.Refuse(entry.Key, entry.KeyAt, null, "a known field: providers, routes");
            }
            else if (entry.Value is not SequenceNode list)
            {
                document.Refuse(entry.Key, entry.Value.At, null, "a list", $"There is {entry.Value.Describe()} now.");
            }
            else if (entry.Key == "providers")
            {
                for (var i = 0; i < list.Items.Count; i++)
                {
                    CustomProviderShape.Read(document, list.Items[i], $"providers[{i}]");
                }
            }
            else
            {
                TagRouteShape.Read(document, list, "routes");
            }
        }

        if (document.Resources.Count == 0 && !document.Errors.Any())
        {
            document.Refuse("", mapping.At, null, "at least one provider or route");
        }
    }
}
