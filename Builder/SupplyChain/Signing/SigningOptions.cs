using Microsoft.Extensions.Options;

namespace Orrery.Builder.SupplyChain.Signing;

/// <summary>The section <c>Builder:Signing</c>: what images that are built here are signed with. Absent: they are not signed.</summary>
internal sealed class SigningOptions
{
    public const string Section = "Builder:Signing";

    /// <summary>A private key's PEM text: cosign's, or an EC key on P-256 of openssl's.</summary>
    public string? Key { get; set; }

    /// <summary>A file that holds it, in its place.</summary>
    public string? KeyFile { get; set; }

    /// <summary>The key's password, where it has one.</summary>
    public string? Password { get; set; }

    public bool IsSet => Key is { Length: > 0 } || KeyFile is { Length: > 0 };

    /// <returns><c>null</c>: nothing is signed here.</returns>
    /// <exception cref="SigningKeyException">It cannot be used.</exception>
    public SigningKey? Read()
    {
        if (!IsSet)
        {
            return null;
        }

        try
        {
            return SigningKey.Read(KeyFile is { Length: > 0 } file ? File.ReadAllText(file) : Key!, Password);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new SigningKeyException($"it cannot be read: {error.Message}", "Mount it where this Builder runs, readable for it.");
        }
    }
}

/// <summary>Tries the key when the Builder starts, and not with the first image.</summary>
internal sealed class SigningOptionsValidator : IValidateOptions<SigningOptions>
{
    public ValidateOptionsResult Validate(string? name, SigningOptions options)
    {
        if (options is { Key.Length: > 0, KeyFile.Length: > 0 })
        {
            return ValidateOptionsResult.Fail($"{SigningOptions.Section}:Key and {SigningOptions.Section}:KeyFile are both set; expected one of them.");
        }

        try
        {
            using var key = options.Read();
            return ValidateOptionsResult.Success;
        }
        catch (SigningKeyException error)
        {
            var setting = options.KeyFile is { Length: > 0 } file ? $"{SigningOptions.Section}:KeyFile is '{file}'" : $"{SigningOptions.Section}:Key is set";
            return ValidateOptionsResult.Fail($"{setting}: {error.Message}. {error.Remedy}");
        }
    }
}
