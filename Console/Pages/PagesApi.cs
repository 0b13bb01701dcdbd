using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Http.HttpResults;
using Orrery.Contracts;
using Orrery.WebConsole.History;
using Orrery.WebConsole.Live;
using Orrery.WebConsole.Pages.Parts;
using Orrery.WebConsole.Resources;
using Orrery.WebConsole.SignIn;
using Orrery.WebConsole.Stores;
using Orrery.WebConsole.Telemetry;

namespace Orrery.WebConsole.Pages;

/// <summary>Every page and its address, and the address of what is live on it.</summary>
internal static class PagesApi
{
    /// <summary>Entries that a live tail shows at once; more of them nobody reads.</summary>
    private const int MostTailed = 500;

    public static void MapPages(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/sign-in", (string? next) => Page<SignInPage>(new() { [nameof(SignInPage.Next)] = next ?? "/" }));
        routes.MapThemes();
        routes.MapResources();
        routes.MapTraces();
        routes.MapLogs();
        routes.MapMetrics();
        routes.MapGet("/find", Find);
        routes.MapFallback((HttpContext http) =>
        {
            http.Response.StatusCode = StatusCodes.Status404NotFound;
            return Page<NotFoundPage>();
        });
    }

    private static void MapResources(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/", (HttpContext http) => Page<ResourcesPage>(ResourceParameters(http)));
        routes.MapLive<ResourceView>("/live/resources", GraphChanges, ResourceParameters);
        routes.MapGet("/resources/{id}", (HttpContext http, string id) => Page<ResourcePage>(new() { [nameof(ResourcePage.Id)] = id, [nameof(ResourcePage.MayChange)] = http.Session().MayChange }));
        routes.MapLive<ResourceDetail>(
            "/live/resources/{id}", GraphChanges,
            http => new() { [nameof(ResourceDetail.Id)] = http.GetRouteValue("id"), [nameof(ResourceDetail.MayChange)] = http.Session().MayChange });
        routes.MapGet("/output", (string? resource) => Page<OutputPage>(new() { [nameof(OutputPage.Resource)] = string.IsNullOrEmpty(resource) ? null : resource }));
        routes.MapLines<OutputLines, ResourceOutput>(
            "/live/output/{id}", nameof(OutputLines.Lines),
            (http, closed) => http.RequestServices.GetRequiredService<ResourceFeedClient>().OutputAsync((string)http.GetRouteValue("id")!, closed));
        routes.MapPost("/resources/{id}/commands/{command}", CommandAsync).DisableAntiforgery();
    }

    private static async Task<IResult> CommandAsync(HttpContext http, string id, string command, ResourceFeedClient feed, CancellationToken cancellationToken)
    {
        if (!http.Session().MayChange)
        {
            return Results.Text("You may look but not change anything: sign in with an administrator's key.", statusCode: StatusCodes.Status403Forbidden);
        }

        var (success, message) = feed.IsConfigured ? await feed.ExecuteAsync(id, command, cancellationToken) : new(false, "There is no graph here that could be told.");
        return http.Request.Headers.Accept.ToString().Contains("text/html", StringComparison.Ordinal)
            ? Results.LocalRedirect($"/resources/{Uri.EscapeDataString(id)}")
            : Results.Text(success ? $"{id}: done." : $"{id}: {message}", statusCode: success ? StatusCodes.Status200OK : StatusCodes.Status409Conflict);
    }

    /// <summary>A picture has room on a wide page only; on a narrow one the table says the same.</summary>
    private static Dictionary<string, object?> ResourceParameters(HttpContext http) => new()
    {
        [nameof(ResourceView.View)] = http.Request.Query["view"] == "table" ? "table" : "picture",
        [nameof(ResourceView.MayChange)] = http.Session().MayChange,
    };

    private static ChangeSignal GraphChanges(HttpContext http) => http.RequestServices.GetRequiredService<ResourceFeedClient>().IsConfigured
        ? http.RequestServices.GetRequiredService<ResourceBook>().Changes
        : http.RequestServices.GetRequiredService<MetricStore>().Changes;

    private static void MapTraces(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/traces", (HttpContext http) => Page<TracesPage>(TraceParameters(http)));
        routes.MapLive<TraceTable>("/live/traces", Changes<TraceStore>(store => store.Changes), TraceParameters);
        routes.MapGet("/traces/{id}", IResult (string id) => TraceId.TryParse(id, out var trace)
            ? Page<TracePage>(new() { [nameof(TracePage.Id)] = trace })
            : Page<NotFoundPage>(new() { [nameof(NotFoundPage.Reason)] = $"“{id}” is no trace id: expected 32 hex digits." }));
        routes.MapLive<TraceDetail>(
            "/live/traces/{id}", Changes<TraceStore>(store => store.Changes),
            http => new() { [nameof(TraceDetail.Id)] = TraceOf(http) },
            http =>
            {
                var (id, traces, logs) = (TraceOf(http), http.RequestServices.GetRequiredService<TraceStore>(), http.RequestServices.GetRequiredService<LogStore>());
                return () => ((long)traces.SpansOf(id) << 32) + logs.CountOf(id);
            });
    }

    private static TraceId TraceOf(HttpContext http) => TraceId.TryParse(http.GetRouteValue("id") as string, out var id) ? id : default;

    private static void MapLogs(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/logs", (HttpContext http) =>
        {
            var from = new Filters(http);
            return Page<LogsPage>(new() { [nameof(LogsPage.From)] = from, [nameof(LogsPage.Filter)] = from.Logs() });
        });
        routes.MapTail<LogLines>("/live/logs", Changes<LogStore>(store => store.Changes), http =>
        {
            var store = http.RequestServices.GetRequiredService<LogStore>();
            var filter = new Filters(http).Logs() with { Limit = MostTailed };
            return () =>
            {
                var entries = store.List(filter);
                filter = filter with { After = entries is [.., var last] ? last.Number : filter.After };
                return entries.Count == 0 ? null : new() { [nameof(LogLines.Entries)] = entries, [nameof(LogLines.IsCut)] = entries.Count == MostTailed };
            };
        });
    }

    private static void MapMetrics(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/metrics", (HttpContext http) =>
        {
            var from = new Filters(http);
            return Page<MetricsPage>(new() { [nameof(MetricsPage.From)] = from, [nameof(MetricsPage.Filter)] = from.Board() });
        });
        routes.MapLive<Board>("/live/metrics", Changes<MetricStore>(store => store.Changes), http => new() { [nameof(Board.Filter)] = new Filters(http).Board() });
        routes.MapGet("/metrics/instruments", () => Page<InstrumentsPage>());
        routes.MapGet("/metrics/instruments/{name}", (string name, string? service) =>
            Page<InstrumentPage>(new() { [nameof(InstrumentPage.Name)] = name, [nameof(InstrumentPage.Service)] = service }));
    }

    private static async Task<IResult> Find(string? q, TelemetryReader reader, CancellationToken cancellationToken)
    {
        var text = q?.Trim() ?? "";
        TraceId? found;
        try
        {
            found = TraceId.TryParse(text, out var id) ? id : await reader.TraceOfRequestAsync(text, cancellationToken);
        }
        catch (HistoryAwayException)
        {
            found = null; // The list says what is in memory.
        }

        return found is { } trace ? Results.LocalRedirect($"/traces/{trace}") : Results.LocalRedirect($"/traces?text={Uri.EscapeDataString(text)}");
    }

    private static Dictionary<string, object?> TraceParameters(HttpContext http)
    {
        var from = new Filters(http);
        return new() { [nameof(TraceTable.From)] = from, [nameof(TraceTable.Filter)] = from.Traces() };
    }

    private static Func<HttpContext, ChangeSignal> Changes<TStore>(Func<TStore, ChangeSignal> of)
        where TStore : notnull => http => of(http.RequestServices.GetRequiredService<TStore>());

    private static RazorComponentResult<TPage> Page<TPage>(Dictionary<string, object?>? parameters = null)
        where TPage : IComponent => new(parameters ?? []);
}
