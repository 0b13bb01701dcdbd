using System.Text.RegularExpressions;

namespace Aspire.Hosting.ApplicationModel;

internal static partial class ResourceName
{
    /// <summary>Refuses a name that cannot be a DNS label, since it becomes one when the graph is published.</summary>
    public static void Check(string name)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        if (name.Length > 64 || !Shape().IsMatch(name))
        {
            throw new ArgumentException(
                $"'{name}' cannot name a resource: expected a letter, then letters, digits and single hyphens, not ending in a hyphen, at most 64 characters.",
                nameof(name));
        }
    }

    [GeneratedRegex("^[A-Za-z]([A-Za-z0-9]|-(?=[A-Za-z0-9]))*$")]
    private static partial Regex Shape();
}
