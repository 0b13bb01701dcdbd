using System.Text.Json;
using System.Text.RegularExpressions;

namespace Orrery.Tests.Equality;

/// <summary>A difference that is meant.</summary>
/// <param name="Form">The form that differs from run mode: <c>manifest</c>, <c>chart</c> or <c>*</c>.</param>
/// <param name="Service">The service, or <c>*</c>.</param>
/// <param name="Aspect">As in <see cref="ServiceView.Facts"/>, several with <c>|</c> between; <c>presence</c>: the service is in one form only.</param>
/// <param name="Item">A regular expression for the whole name of what differs.</param>
/// <param name="Reason">Why.</param>
internal sealed record Difference(string Form, string Service, string Aspect, string Item, string Reason)
{
    private const string FileName = "differences.json";

    public static string Path { get; } = System.IO.Path.Combine(Repository.Root, "Tests", "Equality", FileName);

    public static IReadOnlyList<Difference> Read() =>
        JsonSerializer.Deserialize<List<Difference>>(File.ReadAllText(Path), new JsonSerializerOptions(JsonSerializerDefaults.Web) { RespectNullableAnnotations = true })!;

    public bool Covers(string form, string service, string aspect, string item) =>
        (Form == "*" || Form == form) && (Service == "*" || Service == service) && Aspect.Split('|').Contains(aspect) && Regex.IsMatch(item, $"^(?:{Item})$", RegexOptions.CultureInvariant);
}
