using Orrery.Catalogue.Resources;
using Orrery.Contracts;

namespace Orrery.Catalogue.Documents;

/// <summary>The five fields that documents of every kind have; <c>status</c> is known and not read.</summary>
internal sealed record Envelope(DocumentNode? ApiVersion, DocumentNode? Kind, DocumentNode? Metadata, DocumentNode? Spec)
{
    private static readonly string[] Fields = ["apiVersion", "kind", "metadata", "spec", "status"];

    public static Envelope Read(MappingNode mapping, ShapeCheck shape)
    {
        foreach (var entry in mapping.Entries.Where(entry => !Fields.Contains(entry.Key) && entry.Key != "api_version"))
        {
            var nearest = Spelling.Nearest(entry.Key, Fields);
            shape.Add(entry.Key, null, "a known field: " + string.Join(", ", Fields), nearest is null ? null : $"Did you mean '{nearest}'?", entry.KeyAt);
        }

        var version = mapping.Find("apiVersion") ?? mapping.Find("api_version");
        if (version is not null && !(version is ScalarNode { Kind: ScalarKind.Text } text && ResourceKinds.ApiVersions.Contains(text.Value)))
        {
            shape.Add("apiVersion", (version as ScalarNode)?.Written, "one of " + string.Join(", ", ResourceKinds.ApiVersions), null, version.At);
        }

        var spec = mapping.Find("spec");
        return new Envelope(version, mapping.Find("kind"), mapping.Find("metadata"), spec is ScalarNode { Kind: ScalarKind.Null } ? null : spec);
    }
}
