using System.Text.RegularExpressions;

namespace Orrery.Tests.Hosting.Surface;

/// <summary>A parameter of a row.</summary>
/// <param name="Modifier"><c>params</c>, <c>in</c>, <c>out</c> or nothing.</param>
/// <param name="Type">Its type.</param>
/// <param name="Name">Its name, which may be a C# keyword.</param>
/// <param name="Default">As written; <c>null</c> where it must be given.</param>
internal sealed record RowParameter(string Modifier, TypeText Type, string Name, string? Default);

/// <summary>A row of the member table, taken apart.</summary>
/// <param name="Name"><c>new</c> for a constructor, <c>values</c> for the values of an enum.</param>
/// <param name="Prefix"><c>static</c>, <c>const</c> or nothing.</param>
/// <param name="Receiver">What an extension method extends.</param>
/// <param name="Generics">Names of the method's own type parameters.</param>
/// <param name="Parameters"><c>null</c> where it is no method.</param>
/// <param name="Type">What it returns or holds; <c>null</c> for a constructor and for values.</param>
/// <param name="Accessors">Of a property: <c>get</c>, <c>set</c>, <c>init</c>, <c>required</c>; empty for a field.</param>
/// <param name="Constraints">Each type parameter with what it must be.</param>
/// <param name="Value">Of a constant, or the names of an enum.</param>
/// <param name="Experimental">The id, or nothing.</param>
/// <param name="Obsolete">Marked so.</param>
internal sealed partial record RowSyntax(
    string Name,
    string Prefix,
    TypeText? Receiver,
    IReadOnlyList<string> Generics,
    IReadOnlyList<RowParameter>? Parameters,
    TypeText? Type,
    IReadOnlyList<string> Accessors,
    IReadOnlyList<(string Name, IReadOnlyList<string> Parts)> Constraints,
    string Value,
    string Experimental,
    bool Obsolete)
{
    public static RowSyntax Parse(string row)
    {
        var marks = Marks().Match(row);
        var ids = marks.Groups["id"].Captures.Select(capture => capture.Value).ToList();
        var parsed = ParseUnmarked(row[..marks.Index]);
        return parsed with { Obsolete = ids.Remove("obsolete"), Experimental = ids.SingleOrDefault() ?? "" };
    }

    private static RowSyntax ParseUnmarked(string row)
    {
        var none = new RowSyntax("", "", null, [], null, null, [], [], "", "", false);
        if (row.StartsWith("values: ", StringComparison.Ordinal))
        {
            return none with { Name = "values", Value = row["values: ".Length..] };
        }

        var prefix = "";
        if (Prefixed().Match(row) is { Success: true } match)
        {
            prefix = match.Groups[1].Value;
            row = row[match.Length..];
        }

        if (Field().Match(row) is { Success: true } field)
        {
            return none with
            {
                Name = field.Groups["name"].Value,
                Prefix = prefix,
                Type = TypeText.Parse(field.Groups["type"].Value),
                Accessors = field.Groups["accessors"].Value.Split(',', StringSplitOptions.RemoveEmptyEntries),
                Value = field.Groups["value"].Value,
            };
        }

        var method = Method().Match(row);
        if (!method.Success)
        {
            throw new FormatException($"This row is in no known notation: {row}");
        }

        var head = TypeText.Split(method.Groups["head"].Value, '.');
        var name = TypeText.Parse(head[^1]);
        return none with
        {
            Name = name.Name,
            Prefix = prefix,
            Receiver = head.Count > 1 ? TypeText.Parse(string.Join('.', head.Take(head.Count - 1))) : null,
            Generics = [.. name.Arguments.Select(argument => argument.Name)],
            Parameters = [.. TypeText.Split(method.Groups["parameters"].Value, ',').Select(Parameter)],
            Type = method.Groups["type"].Value is { Length: > 0 } type ? TypeText.Parse(type) : null,
            Constraints =
            [
                .. TypeText.Split(method.Groups["where"].Value, ',').Select(one => one.Split(':'))
                    .Select(one => (one[0], (IReadOnlyList<string>)one[1].Split('+'))),
            ],
        };
    }

    private static RowParameter Parameter(string text)
    {
        var match = ParameterParts().Match(text);
        return match.Success
            ? new RowParameter(
                match.Groups["modifier"].Value,
                TypeText.Parse(match.Groups["type"].Value),
                match.Groups["name"].Value,
                match.Groups["default"] is { Success: true, Value: var value } ? value : null)
            : throw new FormatException($"This parameter is in no known notation: {text}");
    }

    [GeneratedRegex(@"( ⟨(?<id>\w+)⟩)*$")]
    private static partial Regex Marks();

    [GeneratedRegex(@"^(static|const) ")]
    private static partial Regex Prefixed();

    [GeneratedRegex(@"^(?<name>\w+): (?<type>[^{=(]+?)( \{(?<accessors>[\w,]+)\})?( = (?<value>.+))?$")]
    private static partial Regex Field();

    [GeneratedRegex(@"^(?<head>[^()]+)\((?<parameters>.*?)\)( → (?<type>.+?)( where (?<where>.+))?)?$")]
    private static partial Regex Method();

    [GeneratedRegex(@"^((?<modifier>params|in|out) )?(?<type>.+) (?<name>\w+)(=(?<default>.+))?$")]
    private static partial Regex ParameterParts();
}
