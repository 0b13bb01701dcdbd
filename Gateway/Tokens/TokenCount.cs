namespace Orrery.Gateway.Tokens;

/// <summary>How many tokens something is estimated to be.</summary>
/// <param name="Likely">The best guess.</param>
/// <param name="Upper">What the texts that were measured stay below but for the share that <c>docs/tokens.md</c> states; somebody who means to can write one that does not.</param>
/// <param name="Most">What no tokenizer that falls back to bytes goes beyond, whatever the text: its bytes. Pictures and templates are in it at what is declared for them.</param>
/// <param name="Media">How many pictures, sounds and files are in all three at a flat cost, unseen.</param>
internal readonly record struct TokenCount(long Likely, long Upper, long Most, int Media = 0);
