using System.Globalization;
using System.Text;
using Orrery.Gateway.Intake;
using Orrery.Gateway.Routing;

namespace Orrery.Gateway.Translation;

/// <summary>Where a provider bounds a request's tokens and the client does not bound the answer, the engine is told what is left for it.</summary>
internal static class AnswerBound
{
    /// <summary>How a request begins that we write ourselves where it has a bound, so that the field's place is known.</summary>
    public static ReadOnlySpan<byte> First => "{\"max_tokens\":"u8;

    /// <summary>Tokens that are left for the answer; <c>null</c>: nothing bounds it, or the client does.</summary>
    /// <remarks>Of the older completions an answer is sixteen tokens where nothing is said: a bound would make it longer.</remarks>
    public static long? Of(Exchange exchange, Candidate candidate) =>
        candidate.Provider.Spec.MaxTokensPerRequest is { } most && exchange.Operation == Operation.Chat && exchange.Call.MaxTokens is null && exchange.ContextTokens is { } prompt
            ? Math.Max(1, most - prompt)
            : null;

    public static void Add(Exchange exchange, Candidate candidate, ref EditList edits)
    {
        if (Of(exchange, candidate) is { } left)
        {
            edits.Add(new ByteRange(exchange.Call.ClosingBrace, 0), Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $",\"{FieldOf(candidate)}\":{left}")));
        }
    }

    /// <summary>Names the bound of a request that we wrote ourselves as the provider knows it.</summary>
    public static void Rename(Exchange exchange, Candidate candidate, ref EditList edits)
    {
        if (FieldOf(candidate) is var field and not "max_tokens" && exchange.Call.Body.Span.StartsWith(First))
        {
            edits.Add(new ByteRange(1, First.Length - 2), Encoding.ASCII.GetBytes($"\"{field}\""));
        }
    }

    /// <remarks>OpenAI's reasoning models refuse the older name; servers of one's own may not know the newer.</remarks>
    private static string FieldOf(Candidate candidate) => candidate.Provider.Spec.Provider is "openai" or "azure-openai" ? "max_completion_tokens" : "max_tokens";
}
