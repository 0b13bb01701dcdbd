using System.Security.Cryptography;
using System.Text;

namespace Orrery.Builder.Targets.Kubernetes;

/// <summary>Names of objects: what a deployment and a revision are called in the cluster, never longer than Kubernetes takes.</summary>
internal static class ShortNames
{
    /// <summary>The one claim of a namespace.</summary>
    public const string Claim = "orrery-models";

    /// <summary>The container of a replica.</summary>
    public const string Container = "server";

    /// <summary>Of a StatefulSet: a label of its pods adds a dash and ten characters, and a label's value ends at 63.</summary>
    private const int LongestSet = 52;

    /// <summary>StatefulSet, Service, Secret and policy of a revision: <c>NAME-rN</c>.</summary>
    public static string Revision(string deployment, int revision)
    {
        // A Service's name begins with a letter (RFC 1035), a deployment's need not.
        var suffix = $"-r{revision}";
        return char.IsAsciiLetter(deployment[0]) && deployment.Length + suffix.Length <= LongestSet
            ? deployment + suffix
            : Hashed(char.IsAsciiLetter(deployment[0]) ? deployment : $"m-{deployment}", deployment, LongestSet - suffix.Length) + suffix;
    }

    /// <summary>What a deployment's images are pulled with.</summary>
    public static string PullSecret(string deployment) => Fit($"{deployment}-pull", 63);

    public static string Pod(string deployment, int revision, int ordinal) => $"{Revision(deployment, revision)}-{ordinal}";

    /// <summary>As it is where it fits; otherwise its beginning and a hash of the whole.</summary>
    public static string Fit(string name, int longest) => name.Length <= longest ? name : Hashed(name, name, longest);

    private static string Hashed(string shown, string whole, int longest)
    {
        var hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(whole)))[..8];
        var head = shown[..Math.Min(shown.Length, longest - hash.Length - 1)].TrimEnd('-');
        return $"{head}-{hash}";
    }
}
