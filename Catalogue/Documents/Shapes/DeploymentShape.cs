using Orrery.Contracts;

namespace Orrery.Catalogue.Documents.Shapes;

/// <summary>A deployment in one short document: <c>{name, model, server, gpu: {type, count}, cache, autoscaling}</c>, its fields those of a ModelDeployment's spec.</summary>
internal static class DeploymentShape
{
    private const string Name = "name";

    /// <summary>What only deployments have beside a model.</summary>
    private static readonly string[] Fields = [Name, "server", "image", "gpu", "replicas", "cache", "autoscaling", "target", "rollout"];

    public static bool Is(MappingNode mapping) =>
        (PastedShapes.Find(mapping, "model") is ScalarNode || PastedShapes.Find(mapping, "entry") is MappingNode) && Fields.Any(field => PastedShapes.Find(mapping, field) is not null);

    public static void Read(PastedDocument document, MappingNode mapping)
    {
        if (PastedShapes.Find(mapping, Name) is not ScalarNode { Kind: ScalarKind.Text } named)
        {
            document.Refuse(Name, mapping.At, null, "required: what the deployment is called", "Replicas and status are found under it.");
            return;
        }

        var draft = new ResourceDraft(ResourceKind.ModelDeployment, named.Value, new Origin("", mapping.At), new Origin(Name, named.At));
        foreach (var entry in mapping.Entries.Where(entry => entry.Key != Name))
        {
            draft.Put(new Origin(entry.Key, entry.Value.At), entry.Value, "spec", entry.Key);
        }

        document.Resources.Add(draft);
    }
}
