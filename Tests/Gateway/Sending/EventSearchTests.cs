using System.Text;
using Orrery.Gateway.Sending;

namespace Orrery.Tests.Gateway.Sending;

/// <summary>That every split gives the same events is <see cref="BytesTests"/>'s; here, that none costs more.</summary>
public sealed class EventSearchTests
{
    [Fact]
    public void No_byte_is_looked_at_twice()
    {
        var search = default(EventSearch);
        Assert.Equal(0, search.EventLength("data: a"u8));
        Assert.Equal(0, search.EventLength("\n\n\n\n\n\n\nb"u8)); // What was looked at may as well be something else.
        Assert.Equal("data: ab\n\n".Length, search.EventLength("data: ab\n\ndata"u8));
        Assert.Equal(0, search.EventLength("data"u8));

        var lines = default(EventSearch);
        Assert.Equal(0, lines.LineLength("{}"u8));
        Assert.Equal(4, lines.LineLength("\n\n{\n"u8));
        Assert.Equal(1, lines.LineLength("\n"u8));
    }

    [Theory]
    [InlineData("a\r\n\r\nb", 5)]
    [InlineData("a\r\rb", 3)]
    [InlineData("\n", 1)]
    [InlineData("a\r\n\r", 0)]
    public void An_event_ends_with_its_blank_line_in_any_pieces(string text, int length)
    {
        var (bytes, search) = (Encoding.ASCII.GetBytes(text), default(EventSearch));
        var found = 0;
        for (var end = 0; end <= bytes.Length && found == 0; end++)
        {
            found = search.EventLength(bytes.AsSpan(0, end));
        }

        Assert.Equal(length, found);
    }
}
