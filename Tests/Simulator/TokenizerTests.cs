using FsCheck;
using FsCheck.Fluent;
using Orrery.Simulator.Text;

namespace Orrery.Tests.Simulator;

public sealed class TokenizerTests
{
    [Fact]
    public void Every_text_comes_back_exactly()
    {
        var property = Prop.ForAll(ArbMap.Default.ArbFor<string>(), text =>
            text is null || Tokenizer.Decode(Tokenizer.Encode(text)) == text);
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(2_000), property);
    }

    [Fact]
    public void Every_token_is_known_and_no_longer_than_four_characters()
    {
        var property = Prop.ForAll(ArbMap.Default.ArbFor<string>(), text =>
            text is null || Tokenizer.Encode(text).All(token => Tokenizer.IsKnown(token) && Tokenizer.Decode(token).Length is >= 1 and <= 4));
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(2_000), property);
    }

    [Theory]
    [InlineData("The harbour", new[] { "The", " har", "bour" })]
    [InlineData("in 2026, ok", new[] { "in", " ", "202", "6", ",", " ok" })]
    [InlineData("日本 😀\n", new[] { "日", "本", " ", "😀", "\n" })]
    public void Words_keep_their_leading_space_and_are_cut_in_fours(string text, string[] pieces) =>
        Assert.Equal(pieces, Tokenizer.Encode(text).Select(token => Tokenizer.Decode(token)));
}
