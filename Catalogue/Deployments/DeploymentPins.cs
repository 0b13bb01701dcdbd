using Orrery.Catalogue.Pins;
using Orrery.Contracts;

namespace Orrery.Catalogue.Deployments;

/// <summary>The commits that deployments' servers are to run: those that are kept, and where none is, what the hub says.</summary>
internal sealed class DeploymentPins(PinStore store, Pinner pinner, BackgroundQuestions questions)
{
    /// <summary>A hub that did not answer is asked again for a deployment that waits for something else as well.</summary>
    private static readonly TimeSpan FaultStands = TimeSpan.FromMinutes(1);

    /// <returns>The commit, or why there is none; neither where nothing is kept and nobody is asked. And what is being asked now.</returns>
    public async Task<(DeploymentPin? Pin, string? Pending)> FindAsync(DeploymentQuestion question, Pinnable wanted, string caller, CancellationToken cancellationToken)
    {
        if (wanted.Value is { } named)
        {
            return (new DeploymentPin(wanted.Reference, named), null);
        }

        if ((await store.FindAsync(question.Namespace, [wanted], cancellationToken)).Find(wanted) is { } kept)
        {
            return (new DeploymentPin(wanted.Reference, kept.Value, kept.At), null);
        }

        if (question.Wish is not { } wish)
        {
            return (null, null);
        }

        var answers = await questions.FindAsync(
            $"{wish} {question.Namespace} {wanted.Kind} {wanted.Reference}", FaultStands, token => pinner.PinAsync(question.Namespace, [wanted], renew: false, caller, token));
        return answers is not [var answer] ? (null, wanted.Kind == PinKinds.Image ? $"The registry is being asked which digest {wanted.Reference} has." : $"The hub is being asked which commit {wanted.Reference} is.")
            : (new DeploymentPin(wanted.Reference, answer.Value, answer.At, answer.Error?.Cause, Explain(wanted, answer.Error)), null);
    }

    private static string? Explain(Pinnable wanted, PinError? error) => error is null ? null
        : $"Which {(wanted.Kind == PinKinds.Image ? "digest" : "commit")} {wanted.Reference} {(wanted.Kind == PinKinds.Image ? "has" : "is")} could not be found out: {error.Message}. {error.Remedy}";
}
