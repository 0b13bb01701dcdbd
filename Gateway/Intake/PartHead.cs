using System.Text;

namespace Orrery.Gateway.Intake;

/// <summary>The head of one part of a form, as far as it decides something.</summary>
/// <param name="Name">The field's name.</param>
/// <param name="IsFile">It has a file name.</param>
/// <param name="IsEncoded">Its value stands in base64 or quoted-printable.</param>
/// <param name="ContentType">What it says that it is.</param>
/// <remarks>
/// What two readers may read in two ways is refused: else the engine would see another model than the one that was allowed. Hence one <c>Content-Disposition</c>, one
/// <c>name</c>, no backslash before a quotation mark, no folded lines.
/// </remarks>
internal readonly record struct PartHead(string Name, bool IsFile, bool IsEncoded, string? ContentType)
{
    private const string Quoting = "write a quotation mark in a name as %22";

    /// <param name="bytes">The lines without the empty one after them.</param>
    /// <param name="fault">What is wrong with it, as the end of a sentence about the part; <c>null</c>: nothing.</param>
    public static PartHead Read(ReadOnlySpan<byte> bytes, out string? fault)
    {
        var (name, isFile, isEncoded, contentType) = ((string?)null, false, false, (string?)null);
        fault = null;
        var isDescribed = false;
        foreach (var line in Encoding.UTF8.GetString(bytes).Split("\r\n"))
        {
            var colon = line.IndexOf(':');
            if (colon <= 0 || line.AsSpan(0, colon).ContainsAny(' ', '\t') || line.AsSpan().ContainsAny('\r', '\n', '\0'))
            {
                fault = $"has the header line '{Shown.Of(line)}'; expected 'Name: value'";
                return default;
            }

            var header = line.AsSpan(0, colon);
            var value = line.AsSpan(colon + 1).Trim(" \t");
            if (header.Equals("Content-Transfer-Encoding", StringComparison.OrdinalIgnoreCase))
            {
                isEncoded = value.Equals("base64", StringComparison.OrdinalIgnoreCase) || value.Equals("quoted-printable", StringComparison.OrdinalIgnoreCase);
            }
            else if (header.Equals("Content-Type", StringComparison.OrdinalIgnoreCase))
            {
                contentType = value.ToString();
            }
            else if (header.Equals("Content-Disposition", StringComparison.OrdinalIgnoreCase))
            {
                fault = isDescribed ? "has two Content-Disposition headers; expected one" : ReadDisposition(value, ref name, ref isFile);
                isDescribed = true;
                if (fault is not null)
                {
                    return default;
                }
            }
        }

        fault = name is null ? "has no field name; expected 'Content-Disposition: form-data; name=\"…\"'" : null;
        return new PartHead(name ?? "", isFile, isEncoded, contentType);
    }

    private static string? ReadDisposition(ReadOnlySpan<char> value, ref string? name, ref bool isFile)
    {
        var semicolon = value.IndexOf(';');
        var type = (semicolon < 0 ? value : value[..semicolon]).Trim(" \t");
        if (!type.Equals("form-data", StringComparison.OrdinalIgnoreCase))
        {
            return $"is '{Shown.Of(type.ToString())}'; expected 'form-data'";
        }

        var hasFileName = false;
        var rest = semicolon < 0 ? [] : value[(semicolon + 1)..].Trim(" \t");
        while (!rest.IsEmpty)
        {
            var equals = rest.IndexOf('=');
            if (equals <= 0)
            {
                return $"has '{Shown.Of(rest.ToString())}' in its Content-Disposition; expected 'name=\"…\"'";
            }

            var attribute = rest[..equals].Trim(" \t");
            rest = rest[(equals + 1)..].TrimStart(" \t");
            if (ReadValue(ref rest, out var text) is { } fault)
            {
                return fault;
            }

            if (attribute.Equals("name*", StringComparison.OrdinalIgnoreCase))
            {
                return "names its field by 'name*'; expected 'name=\"…\"'";
            }

            if (attribute.Equals("name", StringComparison.OrdinalIgnoreCase))
            {
                if (name is not null)
                {
                    return "has two names; expected one";
                }

                name = text;
            }
            else if (attribute.Equals("filename", StringComparison.OrdinalIgnoreCase))
            {
                if (hasFileName)
                {
                    return "has two file names; expected one";
                }

                hasFileName = true;
            }

            isFile |= attribute.StartsWith("filename", StringComparison.OrdinalIgnoreCase);
        }

        return null;
    }

    /// <summary>Reads a value and the semicolon after it.</summary>
    private static string? ReadValue(ref ReadOnlySpan<char> rest, out string text)
    {
        int end;
        text = "";
        if (rest.StartsWith("\""))
        {
            var closing = rest[1..].IndexOf('"');
            if (closing < 0)
            {
                return "has a quotation mark that is not closed in its Content-Disposition; " + Quoting;
            }

            if (closing > 0 && rest[closing] == '\\')
            {
                return "has a backslash before a quotation mark in its Content-Disposition, which is read in more than one way; " + Quoting;
            }

            text = rest.Slice(1, closing).ToString();
            end = closing + 2;
        }
        else
        {
            end = rest.IndexOf(';') is var semicolon and >= 0 ? semicolon : rest.Length;
            text = rest[..end].Trim(" \t").ToString();
            if (text.Length == 0 || text.AsSpan().ContainsAny(" \t\"="))
            {
                return $"has the value '{Shown.Of(text)}' in its Content-Disposition; expected a word, or a text in quotation marks";
            }
        }

        rest = rest[end..].TrimStart(" \t");
        if (!rest.IsEmpty && rest[0] != ';')
        {
            return $"has '{Shown.Of(rest.ToString())}' after a quotation mark in its Content-Disposition; " + Quoting;
        }

        rest = rest.IsEmpty ? rest : rest[1..].Trim(" \t");
        return null;
    }
}
