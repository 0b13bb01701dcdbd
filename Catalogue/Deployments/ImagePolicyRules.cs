using Orrery.Contracts;
using Orrery.ServiceDefaults.Registries;

namespace Orrery.Catalogue.Deployments;

/// <summary>What the shape of an ImagePolicy alone does not show.</summary>
internal static class ImagePolicyRules
{
    public static void Check(ImagePolicySpec spec, FieldErrors errors)
    {
        spec.Validate(errors);
        for (var i = 0; i < spec.Exempt?.Count; i++)
        {
            var name = spec.Exempt[i];
            if (ImageReference.Parse(name.TrimEnd('/') + "/x") is not { Registry: not null, Tag: null, Digest: null })
            {
                errors.Add($"spec.exempt[{i}]", name, "the beginning of images' names with their registry, without tag and digest: registry.example.com/trusted, docker.io/vllm");
            }
        }
    }
}
