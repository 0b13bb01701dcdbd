using Orrery.Expressions;

namespace Orrery.Contracts.Transforms;

/// <summary>A path below an endpoint, as <see cref="TextTemplate"/>. No value leads out of the place it stands in: it is escaped, and <c>..</c> is refused.</summary>
public sealed class PathTemplate
{
    private const string Expectation = "a path below the endpoint, with a slash first and without '..', '//', '\\' and '#', such as /generate";

    private readonly TextTemplate _text;
    private readonly bool _keepsSlashes;
    private readonly bool _endsWithSlash;

    private PathTemplate(TextTemplate text, bool keepsSlashes, bool endsWithSlash) => (_text, _keepsSlashes, _endsWithSlash) = (text, keepsSlashes, endsWithSlash);

    /// <param name="keepsSlashes">A slash in a value divides the path: for values that are the operator's own, such as <c>owner/model</c>.</param>
    public static PathTemplate? Compile(string path, Scope scope, bool keepsSlashes, FieldErrors errors, string field)
    {
        var text = TextTemplate.Compile(path, scope, errors, field);
        if (text is null)
        {
            return null;
        }

        var endsWithSlash = path.Split('?')[0].EndsWith('/');
        if (!path.StartsWith('/') || (text.IsFixed && !IsSafe(path, endsWithSlash)))
        {
            errors.Add(field, path, Expectation);
            return null;
        }

        return new PathTemplate(text, keepsSlashes, endsWithSlash);
    }

    public string? Evaluate(ReadOnlySpan<Value> variables, out string? fault)
    {
        var path = _text.Evaluate(variables, Escape, out fault);
        if (path is not null && !IsSafe(path, _endsWithSlash))
        {
            fault = $"what comes out is not {Expectation}";
            return null;
        }

        return path;
    }

    private string Escape(string value)
    {
        var escaped = Uri.EscapeDataString(value);
        return _keepsSlashes ? escaped.Replace("%2F", "/", StringComparison.Ordinal) : escaped;
    }

    /// <param name="mayEndWithSlash">It is written so: a value that is empty must not make another path of it.</param>
    private static bool IsSafe(string path, bool mayEndWithSlash)
    {
        if (path.AsSpan().ContainsAny('\\', '#', ' ') || path.Any(char.IsControl))
        {
            return false;
        }

        var segments = path.Split('?')[0][1..].Split('/');
        return segments.Index().All(segment =>
            Uri.UnescapeDataString(segment.Item) is not ("." or "..") && (segment.Item.Length > 0 || (mayEndWithSlash && segment.Index == segments.Length - 1)));
    }
}
