using Orrery.Contracts;

namespace Orrery.Tests.Contracts;

public sealed class TextCutTests
{
    [Theory]
    [InlineData("abc", 3, "abc")]
    [InlineData("abcd", 3, "abc…")]
    [InlineData("ab😀", 4, "ab😀")]
    [InlineData("ab😀", 3, "ab…")]
    [InlineData("ab😀c", 4, "ab😀…")]
    [InlineData("😀", 1, "…")]
    [InlineData("😀", 0, "…")]
    public void A_text_is_never_cut_within_a_character(string text, int longest, string cut) => Assert.Equal(cut, text.Cut(longest, "…"));
}
