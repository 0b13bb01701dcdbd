using Orrery.Catalogue.Pins;
using Orrery.Contracts;
using Orrery.ServiceDefaults.Registries;

namespace Orrery.Catalogue.Deployments;

/// <summary>What the image of a deployment means now. Nothing is kept of it here: the revision that is made of it keeps its digest.</summary>
internal sealed class ImageDigests(ImageReader images, BackgroundQuestions questions)
{
    /// <summary>Less than the pause after which a deployment that is refused for its image is judged again.</summary>
    private static readonly TimeSpan AnswerStands = TimeSpan.FromSeconds(10);

    /// <summary>Of all that a registry says, this alone is no matter of who asks.</summary>
    private static readonly string[] Definite = [RegistryCauses.UnknownImage, RegistryCauses.UnknownTag];

    public async Task<ImageAnswer> FindAsync(ImageQuestion question, CancellationToken cancellationToken)
    {
        if (ImageReference.Parse(question.Reference, out var wrong) is not { } image)
        {
            return new ImageAnswer(null, IsMissing: true, Reason: "invalid", Message: $"{wrong}. Expected {ImageReference.Expectation}.");
        }

        return question.Wish is not { } wish
            ? await AskAsync(question.Namespace, image, cancellationToken)
            : await questions.FindAsync($"{wish} {question.Namespace} image {question.Reference}", AnswerStands, token => AskAsync(question.Namespace, image, token))
                ?? new ImageAnswer(null, Pending: $"The registry is being asked for {question.Reference}.");
    }

    private async Task<ImageAnswer> AskAsync(string @namespace, ImageReference image, CancellationToken cancellationToken)
    {
        var (digest, fault) = await images.FindAsync(@namespace, image, cancellationToken);
        return fault is null ? new ImageAnswer(digest) : new ImageAnswer(null, IsMissing: Definite.Contains(fault.Cause), Reason: fault.Cause, Message: $"{fault.Message}. {fault.Remedy}");
    }
}
