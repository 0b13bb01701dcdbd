using Orrery.Contracts;
using Orrery.ServiceDefaults;

namespace Orrery.Tests.ServiceDefaults;

public sealed class SecretSealerTests
{
    private const string OldKey = "the old key, longer than thirty-two characters";
    private const string NewKey = "the new key, longer than thirty-two characters";
    private readonly string _context = SecretContext.Of("default", "openai", "token");

    [Fact]
    public void What_was_sealed_opens_for_the_same_context()
    {
        var sealer = new SecretSealer(OldKey);

        Assert.True(sealer.TryOpen(_context, sealer.Seal(_context, "sk-värde"), out var value, out _));
        Assert.Equal("sk-värde", value);
    }

    [Fact]
    public void A_sealed_value_cannot_be_moved_to_another_name()
    {
        var sealer = new SecretSealer(OldKey);
        var secret = sealer.Seal(_context, "sk-1");

        Assert.False(sealer.TryOpen(SecretContext.Of("other", "openai", "token"), secret, out _, out var reason));
        Assert.Equal("the sealed value does not belong to secret/other/openai/token or was changed", reason);
    }

    [Fact]
    public void A_previous_key_opens_and_no_longer_seals()
    {
        var old = new SecretSealer(OldKey).Seal(_context, "sk-1");
        var rotated = new SecretSealer(NewKey, OldKey);

        Assert.True(rotated.TryOpen(_context, old, out var value, out _));
        Assert.Equal("sk-1", value);
        Assert.NotEqual(old.KeyId, rotated.Seal(_context, "sk-1").KeyId);
    }

    [Fact]
    public void A_key_that_is_gone_is_named_by_its_id()
    {
        var old = new SecretSealer(OldKey).Seal(_context, "sk-1");

        Assert.False(new SecretSealer(NewKey).TryOpen(_context, old, out _, out var reason));
        Assert.Contains(old.KeyId, reason);
    }

    [Fact]
    public void A_cut_or_changed_ciphertext_does_not_open()
    {
        var sealer = new SecretSealer(OldKey);
        var secret = sealer.Seal(_context, "sk-1");

        Assert.False(sealer.TryOpen(_context, secret with { Ciphertext = secret.Ciphertext[..5] }, out _, out _));
        Assert.False(sealer.TryOpen(_context, secret with { Ciphertext = [.. secret.Ciphertext.Reverse()] }, out _, out _));
        Assert.False(sealer.TryOpen(_context, secret with { Nonce = [1, 2, 3] }, out _, out _));
    }

    [Fact]
    public void The_same_value_is_sealed_differently_each_time()
    {
        var sealer = new SecretSealer(OldKey);

        Assert.NotEqual(sealer.Seal(_context, "sk-1").Ciphertext, sealer.Seal(_context, "sk-1").Ciphertext);
    }
}
