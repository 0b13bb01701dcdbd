namespace Orrery.WebConsole.Pages;

/// <param name="Icon">A name that <c>Parts/Icon.razor</c> knows.</param>
internal sealed record NavigationEntry(string Name, string Url, string Icon);

/// <summary>The pages that one can go to from everywhere, in their order.</summary>
internal static class Navigation
{
    public const string Resources = "Resources";
    public const string Output = "Output";
    public const string Logs = "Logs";
    public const string Traces = "Traces";
    public const string Metrics = "Metrics";

    public static readonly IReadOnlyList<NavigationEntry> Pages =
    [
        new(Resources, "/", "graph"),
        new(Output, "/output", "output"),
        new(Logs, "/logs", "logs"),
        new(Traces, "/traces", "traces"),
        new(Metrics, "/metrics", "metrics"),
    ];
}
