using System.Security.Cryptography;
using System.Text;

namespace Orrery.Builder.Targets;

/// <summary>Names that follow from deployment, revision and ordinal, and can be read by people.</summary>
internal static class ReplicaNames
{
    /// <summary>A host's name has no more, and some tools make one of it.</summary>
    public const int Most = 63;

    private const int HashLength = 8;

    /// <summary><c>PREFIX-NAMESPACE-NAME-rREVISION-ORDINAL</c>. A hash is put in where that would be too long, or would say of two deployments the same.</summary>
    public static string Of(string prefix, DeploymentKey key, int revision, int ordinal)
    {
        var tail = FormattableString.Invariant($"-r{revision}-{ordinal}");
        var head = $"{prefix}-{key.Namespace}-{key.Name}".TrimStart('-');

        // 'a-b' and 'c' would be called as 'a' and 'b-c' are.
        if (!key.Namespace.Contains('-') && head.Length + tail.Length <= Most)
        {
            return head + tail;
        }

        var room = Most - tail.Length - HashLength - 1;
        return $"{head[..Math.Min(room, head.Length)].TrimEnd('-')}-{Hash($"{key.Namespace}/{key.Name}")}{tail}";
    }

    private static string Hash(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)))[..HashLength];
}
