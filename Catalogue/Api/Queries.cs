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

    public static bool Flag(this HttpRequest request, string name) => request.Query[name].ToString().ToLowerInvariant() switch
    {
        "" or "false" => false,
        "true" => true,
        var text => throw Wrong(name, text, "true or false"),
    };

    public static string? Text(this HttpRequest request, string name) => request.Query[name].ToString() is { Length: > 0 } text ? text : null;

    /// <summary>One of <paramref name="allowed"/> as that has it, in whatever case it is asked; <c>null</c> where the parameter is absent.</summary>
    public static string? OneOf(this HttpRequest request, string name, IReadOnlyList<string> allowed) =>
        request.Text(name) is { } text ? OneOf(name, text, allowed) : null;

    public static string OneOf(string name, string text, IReadOnlyList<string> allowed) =>
        allowed.FirstOrDefault(value => value.Equals(text, StringComparison.OrdinalIgnoreCase))
        ?? throw Wrong(name, text, "one of " + string.Join(", ", allowed) + (Spelling.Nearest(text, allowed) is { } nearest ? $" (did you mean '{nearest}'?)" : ""));

    /// <summary>Whose set a write belongs to; <c>operator</c> unless the request says otherwise.</summary>
    public static string Manager(this HttpRequest request)
    {
        var manager = request.Text("manager") ?? Resources.Managers.Operator;
        return FieldRules.IsName(manager) ? manager : throw Wrong("manager", manager, FieldRules.NameExpectation);
    }

    /// <summary>Refuses parameters that nothing reads: a filter that is misspelt would let everything through.</summary>
    public static void RequireKnown(this HttpRequest request, params IReadOnlyList<string> known)
    {
        if (request.Query.Keys.FirstOrDefault(name => !known.Contains(name, StringComparer.OrdinalIgnoreCase)) is { } unknown)
        {
            throw new BadHttpRequestException(
                $"There is no parameter '{unknown.Cut(77, "...")}' here; expected {(known.Count == 0 ? "none" : "one of " + string.Join(", ", known))}."
                + (Spelling.Remedy(unknown, known) is { } remedy ? " " + remedy : ""));
        }
    }

    /// <summary>As <see cref="RequireKnown"/>, for all that is asked of an endpoint.</summary>
    public static RouteHandlerBuilder Takes(this RouteHandlerBuilder endpoint, params string[] known) => endpoint.AddEndpointFilter((context, next) =>
    {
        context.HttpContext.Request.RequireKnown(known);
        return next(context);
    });

    /// <summary>GET, and HEAD as HTTP has it wherever there is a GET.</summary>
    public static RouteHandlerBuilder MapRead(this IEndpointRouteBuilder routes, string pattern, Delegate handler) =>
        routes.MapMethods(pattern, [HttpMethods.Get, HttpMethods.Head], handler);

    public static BadHttpRequestException Wrong(string name, string value, string expectation) => new($"{name} is '{value}'; expected {expectation}.");
}
