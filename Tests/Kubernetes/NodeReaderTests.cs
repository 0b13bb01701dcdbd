namespace Orrery.Tests.Kubernetes;

public sealed class NodeReaderTests
{
    [Theory]
    [InlineData("yes", ScalarKind.Flag)]
    [InlineData("Off", ScalarKind.Flag)]
    [InlineData("n", ScalarKind.Flag)]
    [InlineData("~", ScalarKind.Null)]
    [InlineData("", ScalarKind.Null)]
    [InlineData("'yes'", ScalarKind.Text)]
    [InlineData("\"5\"", ScalarKind.Text)]
    [InlineData("5", ScalarKind.Whole)]
    [InlineData("-5", ScalarKind.Whole)]
    [InlineData("0755", ScalarKind.Whole)]
    [InlineData("0x1F", ScalarKind.Whole)]
    [InlineData("1_000", ScalarKind.Whole)]
    [InlineData("089", ScalarKind.Number)]
    [InlineData("1.0", ScalarKind.Number)]
    [InlineData("1e3", ScalarKind.Number)]
    [InlineData(".inf", ScalarKind.Number)]
    [InlineData("1.0.0", ScalarKind.Text)]
    [InlineData("2024-01-01", ScalarKind.Text)]
    [InlineData("10.0.0.0/8", ScalarKind.Text)]
    [InlineData("12:30", ScalarKind.Text)]
    [InlineData("1Gi", ScalarKind.Text)]
    [InlineData("|-\n  5", ScalarKind.Text)]
    [InlineData("!!str 5", ScalarKind.Text)]
    internal void A_scalar_is_what_Helms_parser_takes_it_for(string yaml, ScalarKind kind) =>
        Assert.Equal(kind, Assert.IsType<ScalarNode>(Assert.IsType<MapNode>(NodeReader.Read($"a: {yaml}")).Entries[0].Value).Kind);

    [Theory]
    [InlineData("0", 0)]
    [InlineData("-12", -12)]
    [InlineData("0644", 420)]
    [InlineData("0o644", 420)]
    [InlineData("0x1F", 31)]
    [InlineData("0b101", 5)]
    [InlineData("1_000", 1000)]
    [InlineData("9223372036854775807", long.MaxValue)]
    public void A_whole_number_has_the_value_that_the_parser_reads(string text, long number) => Assert.Equal(number, NodeReader.WholeNumber(text));

    [Fact]
    public void A_number_that_is_too_large_is_none() => Assert.Null(NodeReader.WholeNumber("9223372036854775808"));

    [Fact]
    public void Text_that_is_no_YAML_is_refused_with_its_template()
    {
        var error = Assert.Throws<InvalidOperationException>(() => Document.Parse("templates/a.yaml", "a: [1"));
        Assert.StartsWith("templates/a.yaml, line", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("100m", 0.1)]
    [InlineData("1.5Gi", 1610612736)]
    [InlineData("2k", 2000)]
    [InlineData("1e3", 1000)]
    [InlineData("5E", 5e18)]
    [InlineData(".5", 0.5)]
    public void A_quantity_has_a_value(string text, double amount) => Assert.Equal((decimal)amount, Quantity.Parse(text));

    [Theory]
    [InlineData("")]
    [InlineData("1 Gi")]
    [InlineData("1GB")]
    [InlineData("1K")]
    [InlineData("ten")]
    [InlineData("1e99")]
    [InlineData("99999999999999E")]
    public void Everything_else_is_no_quantity(string text) => Assert.Null(Quantity.Parse(text));
}
