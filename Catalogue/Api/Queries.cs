using System.Globalization;
using Orrery.Contracts;

namespace Orrery.Catalogue.Api;

/// <summary>Reads query parameters; what cannot be read is a 400 that names the parameter, its value and what was expected.</summary>
internal static class Queries
{
    public static int Limit(this HttpRequest request, int fallback = 100, int most = 1_000) =>
        (int)request.Number("limit", fallback, 1, most);

    public static long Number(this HttpRequest request, string name, long fallback, long least, long most)
    {
        var text = request.Query[name].ToString();
        return text.Length == 0
            ? fallback
            : long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most
                ? number
                : throw Wrong(name, text, most == long.MaxValue ? $"a whole number from {least}" : $"a whole number from {least} to {most}");
    }

    public static bool Flag(this HttpRequest request, string name) => request.Query[name].ToString() switch
    {
        "" or "false" => false,
        "true" => true,
        var text => throw Wrong(name, text, "true or false"),
    };

    public static string? Text(this HttpRequest request, string name) => request.Query[name].ToString() is { Length: > 0 } text ? text : null;

    /// <summary>Whose set a write belongs to; <c>operator</c> unless the request says otherwise.</summary>
    public static string Manager(this HttpRequest request)
    {
        var manager = request.Text("manager") ?? Resources.Managers.Operator;
        return FieldRules.IsName(manager) ? manager : throw Wrong("manager", manager, FieldRules.NameExpectation);
    }

    public static BadHttpRequestException Wrong(string name, string value, string expectation) => new($"{name} is '{value}'; expected {expectation}.");
}
