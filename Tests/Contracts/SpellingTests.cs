using Orrery.Contracts;

namespace Orrery.Tests.Contracts;

public sealed class SpellingTests
{
    [Theory]
    [InlineData("modle", "model")]
    [InlineData("mdoel", "model")]
    [InlineData("modell", "model")]
    [InlineData("modes", "model")]
    [InlineData("nmae", "name")]
    [InlineData("moled", null)]
    [InlineData("eman", null)]
    public void Two_neighbours_in_the_wrong_order_are_one_slip(string written, string? meant) => Assert.Equal(meant, Spelling.Nearest(written, ["model", "name"]));
}
