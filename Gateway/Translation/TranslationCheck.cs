using Orrery.Gateway.Routing;
using Orrery.Gateway.Sending;

namespace Orrery.Gateway.Translation;

/// <summary>Whether a request that is to go on without its client can be said to anybody at all: what a waiting client is refused at once, one that does not wait is refused at once too.</summary>
internal sealed class TranslationCheck(BodyTranslation translation)
{
    /// <returns>What the first would be refused with, where none of those who may be asked can be sent it; <c>null</c>: somebody can.</returns>
    public Refusal? Check(Exchange exchange)
    {
        if (exchange.Dialogue is not { } dialogue)
        {
            return null;
        }

        SendError? first = null;
        foreach (var candidate in exchange.Plan.Candidates)
        {
            if (dialogue.NativeAt(candidate) is not null || ErrorOf(exchange, candidate) is not { } error)
            {
                return null;
            }

            first ??= error;
        }

        return first is { Status: >= StatusCodes.Status400BadRequest and < StatusCodes.Status500InternalServerError } ? first.ToRefusal() : null;
    }

    private SendError? ErrorOf(Exchange exchange, Candidate candidate)
    {
        if (exchange.Dialogue!.Inexpressible is { } refusal)
        {
            return SendError.Of(candidate, SendErrorKind.Untranslatable, refusal.Message) with { Status = refusal.Status, Code = refusal.Code, Param = refusal.Param };
        }

        if (candidate.Provider.Adapter is not ITranslatingAdapter adapter)
        {
            return null;
        }

        translation.Translate(exchange, candidate, adapter, out var error)?.Dispose();
        return error;
    }
}
