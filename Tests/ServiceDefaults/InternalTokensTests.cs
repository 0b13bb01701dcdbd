using Orrery.ServiceDefaults;

namespace Orrery.Tests.ServiceDefaults;

public sealed class InternalTokensTests
{
    private const string Key = "an internal key of more than thirty-two characters";
    private readonly ManualTime _time = new();

    [Fact]
    public void A_token_names_its_maker_to_whoever_holds_the_same_key()
    {
        var token = new InternalTokens(Key, _time).Create("Orrery.Gateway");

        Assert.True(new InternalTokens(Key, _time).TryVerify(token, out var caller));
        Assert.Equal("Orrery.Gateway", caller);
    }

    [Fact]
    public void A_token_is_refused_once_its_minute_is_over()
    {
        var tokens = new InternalTokens(Key, _time);
        var token = tokens.Create("Orrery.Gateway");

        _time.Advance(InternalTokens.Lifetime + TimeSpan.FromSeconds(2));

        Assert.False(tokens.TryVerify(token, out _));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("a.b.c")]
    [InlineData("ork_0123456789012345678901234567890123456789")]
    public void What_is_not_a_token_is_refused(string? token) => Assert.False(new InternalTokens(Key, _time).TryVerify(token, out _));

    [Fact]
    public void A_token_with_one_changed_character_is_refused()
    {
        var tokens = new InternalTokens(Key, _time);
        var token = tokens.Create("Orrery.Gateway");

        for (var i = 0; i < token.Length; i++)
        {
            var changed = token.ToCharArray();
            changed[i] = changed[i] == 'A' ? 'B' : 'A';
            Assert.False(tokens.TryVerify(new string(changed), out _), $"Character {i} was changed and the token still passed.");
        }
    }

    [Fact]
    public void A_token_of_another_key_is_refused()
    {
        var token = new InternalTokens(Key + "!", _time).Create("Orrery.Gateway");

        Assert.False(new InternalTokens(Key, _time).TryVerify(token, out _));
    }

    [Fact]
    public void A_short_key_stops_the_service_and_is_not_shown()
    {
        var error = Assert.Throws<InvalidOperationException>(() => new InternalTokens("hunter2", _time));

        Assert.Equal("Internal:Key has 7 characters; expected at least 32 random ones.", error.Message);
    }
}
