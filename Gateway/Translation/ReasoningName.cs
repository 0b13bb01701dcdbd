using Orrery.Gateway.ModelResolution;

namespace Orrery.Gateway.Translation;

/// <summary>Servers call a model's reasoning <c>reasoning_content</c> or <c>reasoning</c>; clients may be spared the difference.</summary>
internal static class ReasoningName
{
    public const string AsSent = "as-sent";

    public static readonly IReadOnlyList<string> All = [AsSent, "reasoning_content", "reasoning"];

    /// <summary>The name as JSON, quotes included; <c>null</c>: whatever was sent.</summary>
    public static byte[]? Quoted(string name) => name == AsSent ? null : JsonText.Quote(name);

    /// <summary>Gives every name in <paramref name="facts"/> the one wanted.</summary>
    public static void Spell(ReadOnlySpan<byte> json, in AnswerFacts facts, byte[]? wanted, ref EditList edits)
    {
        for (var i = 0; wanted is not null && i < facts.Reasoning.Count; i++)
        {
            var name = facts.Reasoning[i];
            if (!json.Slice(name.Start, name.Length).SequenceEqual(wanted))
            {
                edits.Add(name, wanted);
            }
        }
    }
}
