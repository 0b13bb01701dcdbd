namespace Orrery.Contracts.Transforms;

/// <summary>A provider of the engine <c>custom</c> has transforms, unless it makes videos alone, and no other has.</summary>
internal static class TransformRules
{
    public static void Validate(ModelProviderSpec spec, FieldErrors errors)
    {
        var isCustom = spec.EffectiveEngine == Engines.Custom;
        if (spec.Transforms is null)
        {
            if (isCustom && spec.Videos is null)
            {
                errors.Add(
                    "spec.transforms", null, "required with the engine custom: what is sent and what the answer says, for each operation",
                    "A server that speaks OpenAI's API needs none: engine: openai. One that makes videos and nothing else needs none either: engine: video-engine, or spec.videos.");
            }

            return;
        }

        if (!isCustom)
        {
            errors.Add("spec.transforms", null, "nothing, or engine: custom: other engines need no transforms", "Write engine: custom; or take spec.transforms out, if the server speaks an API that the gateway knows.");
        }

        CompiledTransforms.Compile(spec.Transforms, errors).CheckResults(errors);
    }
}
