namespace Orrery.ServiceDefaults.Registries;

/// <summary>Who asks a registry.</summary>
public sealed class RegistryCredential(string user, string password)
{
    public string User { get; } = user;

    public string Password { get; } = password;

    /// <summary>The password is never shown.</summary>
    public override string ToString() => User;
}
