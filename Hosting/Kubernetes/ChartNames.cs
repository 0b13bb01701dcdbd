using System.Text.RegularExpressions;

namespace Aspire.Hosting.Kubernetes;

/// <summary>How things are called in a chart.</summary>
internal static partial class ChartNames
{
    /// <summary>In object names.</summary>
    public static string Object(string resource) => resource.ToLowerInvariant();

    /// <summary>In values: <c>-</c> has no place in the path of an expression.</summary>
    public static string Key(string resource) => resource.Replace('-', '_');

    public static string Service(string resource) => $"{Object(resource)}-service";

    public static string Config(string resource) => $"{Object(resource)}-config";

    /// <summary>The Secret of a parameter.</summary>
    public static string Secret(string parameter) => $"{Object(parameter)}-secrets";

    public static string Claim(string resource, string volume) => $"{Object(resource)}-{volume.ToLowerInvariant()}-pvc";

    public static void CheckLabel(string name)
    {
        if (!Label().IsMatch(name))
        {
            throw new ArgumentException($"'{name}' cannot name a chart: expected lower-case letters, digits and hyphens, as in my-app, at most 63.", nameof(name));
        }
    }

    [GeneratedRegex("^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$")]
    private static partial Regex Label();
}
