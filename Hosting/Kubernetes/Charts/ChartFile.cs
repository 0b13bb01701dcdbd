using System.Text.RegularExpressions;

namespace Aspire.Hosting.Kubernetes;

/// <summary>A file of the chart.</summary>
/// <param name="Path">Relative to the chart, with slashes.</param>
/// <param name="Text">What is in it.</param>
internal sealed partial record ChartFile(string Path, string Text)
{
    /// <summary>A template of a resource: <c>templates/{resource}/{what}.yaml</c>, where the object is called <c>{resource}-{what}</c>; what Helm fills in is no part of a file's name.</summary>
    public static ChartFile Template(string resource, string name, string text)
    {
        name = Expression.Replace(name, "");
        var what = name.StartsWith(resource + "-", StringComparison.Ordinal) ? name[(resource.Length + 1)..] : name;
        return new($"templates/{resource}/{what}.yaml", "---\n" + text);
    }

    [GeneratedRegex(@"\{\{[^}]*\}\}-?")]
    private static partial Regex Expression { get; }
}
