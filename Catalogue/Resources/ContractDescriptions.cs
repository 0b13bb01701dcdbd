using System.Reflection;
using System.Text.Json;
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
        XElement { Name.LocalName: "see" } see => (string?)see.Attribute("cref") is { } reference ? Named(reference) : (string?)see.Attribute("langword") ?? "",
        XElement element => element.Value,
        _ => node.ToString(),
    })), " ").Trim();

    /// <summary>What code refers to, as authors of documents know it: a field by its name there, values by what they are.</summary>
    private static string Named(string reference)
    {
        var (kind, name) = (reference[0], reference[(reference.LastIndexOf('.') + 1)..]);
        var value = kind == 'F' ? typeof(Resource).Assembly.GetType(reference[2..^(name.Length + 1)])?.GetField(name)?.GetValue(null) : null;
        return value switch
        {
            IEnumerable<string> values => string.Join(", ", values),
            string text => text,
            _ => kind == 'P' ? JsonNamingPolicy.CamelCase.ConvertName(name) : name,
        };
    }

    [GeneratedRegex(@"\s+")]
    private static partial Regex Blanks { get; }
}
