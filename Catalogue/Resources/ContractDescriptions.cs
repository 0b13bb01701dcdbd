using System.Reflection;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Orrery.Contracts;

namespace Orrery.Catalogue.Resources;

/// <summary>The contracts' own XML documentation, for the schemas: written once, beside the code.</summary>
internal static partial class ContractDescriptions
{
    private static readonly Lazy<Dictionary<string, string>> Summaries = new(Read);

    public static string? Of(MemberInfo member) => Summaries.Value.GetValueOrDefault($"P:{member.DeclaringType?.FullName}.{member.Name}");

    /// <summary>Empty where the documentation was not shipped beside the assembly: schemas do without descriptions then.</summary>
    private static Dictionary<string, string> Read()
    {
        var file = Path.Combine(AppContext.BaseDirectory, $"{typeof(Resource).Assembly.GetName().Name}.xml");
        return !File.Exists(file) ? [] : XDocument.Load(file).Descendants("member")
            .Where(member => member.Element("summary") is not null)
            .ToDictionary(member => (string)member.Attribute("name")!, member => Text(member.Element("summary")!));
    }

    private static string Text(XElement summary) => Blanks.Replace(string.Concat(summary.Nodes().Select(node => node switch
    {
        XElement { Name.LocalName: "see" } see => ((string?)see.Attribute("cref") ?? (string?)see.Attribute("langword") ?? "").Split('.', ':')[^1],
        XElement element => element.Value,
        _ => node.ToString(),
    })), " ").Trim();

    [GeneratedRegex(@"\s+")]
    private static partial Regex Blanks { get; }
}
