using Orrery.Builder.Builds;
using Orrery.Builder.SupplyChain;
using Orrery.Contracts;

namespace Orrery.Builder.Api;

/// <summary>A build, for people and programs.</summary>
/// <param name="State">One of <see cref="BuildStates.All"/>.</param>
/// <param name="Image">How it is run: by its digest.</param>
/// <param name="Bases">What it stands on.</param>
/// <param name="Evidence">What lies beside it in the registry.</param>
/// <param name="NextAttemptAt">When it is tried again by itself.</param>
/// <param name="Timings">How long each state of the last attempt took, in seconds.</param>
internal sealed record BuildAnswer(
    Guid Id, string Namespace, string Model, string State, string Key, string? Repository, string? Image, string? Digest, string? Progress, string? Reason, string? Message, int Attempt, string AskedBy,
    DateTimeOffset AskedAt, DateTimeOffset? StartedAt, DateTimeOffset? EndedAt, DateTimeOffset? NextAttemptAt, IReadOnlyList<RecipeBase> Bases, Evidence? Evidence, IReadOnlyDictionary<string, double>? Timings)
{
    public static BuildAnswer Of(BuildRecord build) => new(
        build.Id, build.Namespace, build.Model, build.State, build.Key, build.Repository.Length == 0 ? null : build.Repository, build.Image, build.Digest, build.Progress, build.Reason, build.Message, build.Attempt,
        build.AskedBy, build.AskedAt, build.StartedAt, build.EndedAt, build.NotBefore, build.Recipe.Bases, build.Evidence, build.Timings.Count > 0 ? build.Timings : null);
}

/// <param name="After">Ask with it for those before; absent: this is all.</param>
internal sealed record BuildList(IReadOnlyList<BuildAnswer> Data, Guid? After);

/// <summary>What is to be built, as the Catalogue has made it out.</summary>
internal sealed record BuildQuestion(ImageRecipe Recipe);
