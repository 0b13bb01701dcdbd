using Orrery.Contracts;

namespace Orrery.Catalogue.Documents.Shapes;

/// <summary>A deployment in one short document: <c>{name, model, server, gpu: {type, count}, cache, autoscaling}</c>, its fields those of a ModelDeployment's spec.</summary>
internal static class DeploymentShape
{
    private const string Name = "name";

    /// <summary>What only deployments have beside a model.</summary>
    private static readonly string[] Fields = [Name, "server", "image", "gpu", "replicas", "cache", "autoscaling", "target", "rollout"];

    private static readonly string[] Known = [Name, .. ShapeCheck.Fields(ContractsJson.Default.ModelDeploymentSpec).Select(field => field.Name)];

    /// <summary>Slips of the pen included, so that they are told as what they are.</summary>
    public static bool Is(MappingNode mapping)
    {
        var meant = mapping.Entries.Select(entry => (Field: Meant(entry), entry.Value)).ToList();
        return meant.Exists(entry => entry is ("model", ScalarNode) or ("entry", MappingNode)) && meant.Exists(entry => Fields.Contains(entry.Field));
    }

    public static void Read(PastedDocument document, MappingNode mapping)
    {
        var named = mapping.Entries.FirstOrDefault(entry => entry.Key == Name);
        if (named is null && mapping.Entries.FirstOrDefault(entry => Meant(entry) == Name) is { } slip)
        {
            document.Refuse(slip.Key, slip.KeyAt, null, $"a known field: {string.Join(", ", Known.Order(StringComparer.Ordinal))}", $"Did you mean '{Name}'?");
            return;
        }

        if (named?.Value is not ScalarNode { Kind: ScalarKind.Text } text)
        {
            document.Refuse(Name, mapping.At, null, "required: what the deployment is called", "Replicas and status are found under it.");
            return;
        }

        var draft = new ResourceDraft(ResourceKind.ModelDeployment, text.Value, new Origin("", mapping.At), new Origin(Name, text.At));
        foreach (var entry in mapping.Entries.Where(entry => entry.Key != Name))
        {
            draft.Put(new Origin(entry.Key, entry.Value.At), entry.Value, "spec", entry.Key);
        }

        document.Resources.Add(draft);
    }

    private static string? Meant(MappingEntry entry) => Spelling.Nearest(ShapeCheck.CamelCase(entry.Key), Known);
}
