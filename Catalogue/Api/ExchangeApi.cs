using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Orrery.Catalogue.Documents;
using Orrery.Catalogue.Entries;
using Orrery.Catalogue.Exchange;
using Orrery.Catalogue.Following;
using Orrery.Catalogue.Linting;
using Orrery.Catalogue.Pins;
using Orrery.Catalogue.Resources;
using Orrery.Contracts;

namespace Orrery.Catalogue.Api;

/// <summary>Entries in and out: linting before anything is stored, importing and exporting in the shape that other catalogues have.</summary>
internal static class ExchangeApi
{
    public static void MapExchangeApi(this IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("/models").RequireAdministrator().WithTags("Models");
        group.MapPost("/lint", Lint).Takes().ChangesNothing().WithSummary("What is wrong with entries: YAML, JSON or a JavaScript literal; nothing is stored");
        group.MapPost("/import", Import).Takes("dryRun", "manager", "force").Publishes().WithSummary("Stores entries as Models of the caller's namespace, all or nothing");
        group.MapRead("/export", Export).Takes("id", "format").WithSummary("Entries as JSON, YAML or a JavaScript literal");
    }

    private static async Task<IResult> Lint(HttpContext http, CancellationToken cancellationToken)
    {
        var (entries, findings) = EntryLinter.Lint(await RequestBody.ReadAsync(http.Request, cancellationToken), file: null);
        return TypedResults.Ok(new LintAnswer(entries.Count, [.. findings, .. EntryLinter.LintTogether(entries), .. EntryLinter.LintBesideBuiltIn(entries)]));
    }

    private static async Task<IResult> Import(HttpContext http, ResourceStore store, ApplyPlanner planner, LiveState live, CancellationToken cancellationToken)
    {
        var caller = http.Caller();
        var (isDryRun, isForced, manager) = (http.Request.Flag("dryRun"), http.Request.Flag("force"), http.Request.Manager());
        var errors = new FieldErrorList();
        var entries = ModelExchange.Read(await RequestBody.ReadAsync(http.Request, cancellationToken), errors, @namespace: caller.Namespace);
        if (errors.Any)
        {
            return Problems.Of(Refusal.Fields(errors.All));
        }

        if (entries.FirstOrDefault(entry => entry.Metadata is { } metadata && !caller.MayReach(metadata.Namespace)) is { } foreign)
        {
            return Problems.Of(Refusal.Forbidden($"Model '{foreign.Metadata!.Name}' is in namespace '{foreign.Metadata.Namespace}'; your access key administers namespace '{caller.Namespace}' and opens no other."));
        }

        var findings = EntryLinter.LintAll(entries).ToList();
        if (!isForced && findings.Where(IsInTheWay).ToList() is { Count: > 0 } faults)
        {
            return Problems.Of(Faulty(faults, entries));
        }

        ApplyPlan Plan(CatalogueState state)
        {
            var documents = entries.Select((entry, i) => Declared(
                entry, i, entry.Metadata ?? new ResourceMetadata { Name = NameFor(state, caller.Namespace, entry.Id), Namespace = caller.Namespace })).ToList();
            if (SameNames(documents) is { Count: > 0 } same)
            {
                return ApplyPlan.Refused(Refusal.Fields(same));
            }

            var taken = documents.Where(document => state.Find(document.Key) is { Spec: ModelSpec other } && other.Id != ((ModelSpec)document.Spec).Id)
                .Select(document => new FieldError(
                    "id", ((ModelSpec)document.Spec).Id, $"an id whose name is free: '{document.Key.Name}' is the name of model '{((ModelSpec)state.Find(document.Key)!.Spec).Id}'",
                    "Declare it as a Model with a metadata.name of its own.", Document: document.Index)).ToList();
            return taken.Count > 0 ? ApplyPlan.Refused(Refusal.Fields(taken)) : planner.Plan(state, new ApplyRequest(documents, caller, manager));
        }

        var plan = isDryRun ? await store.TryAsync(Plan, cancellationToken) : await store.WriteAsync(Plan, cancellationToken);
        return plan.Refusal is null
            ? TypedResults.Ok(new ImportAnswer(ApplyAnswer.Of(plan, live.State, isDryRun), findings))
            : Problems.Of(plan.Refusal);
    }

    /// <summary>What is absent can be said later, and until then the gate keeps the model where it is; what is wrong is not stored unasked.</summary>
    private static bool IsInTheWay(LintFinding finding) => finding.Severity == Severities.Error && finding.Rule != FactRules.Missing;

    private static Refusal Faulty(List<LintFinding> faults, IReadOnlyList<Entry> entries)
    {
        var places = entries.Select((entry, i) => (entry.Origin, i)).ToDictionary(pair => pair.Origin, pair => pair.i, StringComparer.Ordinal);
        var errors = new FieldErrorList();
        foreach (var fault in faults)
        {
            errors.Add(places[fault.File], new FieldError(fault.Field, fault.Value, fault.Expectation, fault.Remedy), fault is { Line: { } line, Column: { } column } ? new Position(line, column) : null);
        }

        return Refusal.Fields(errors.All) with
        {
            Title = "Entries refused",
            Detail = $"The linter finds {faults.Count} {(faults.Count == 1 ? "error" : "errors")}; nothing was stored. See 'errors'; POST /models/lint tells the warnings too, and ?force=true stores entries as they are.",
        };
    }

    private static async Task<IResult> Export(HttpContext http, Shelf shelf, PinStore store, CancellationToken cancellationToken)
    {
        var format = http.Request.Text("format") ?? "json";
        if (format is not ("json" or "yaml" or "js"))
        {
            throw Queries.Wrong("format", format, "one of json, yaml, js");
        }

        var wanted = http.Request.Query["id"].OfType<string>().SelectMany(ids => ids.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)).ToList();
        var index = shelf.Of(http.Caller().Namespace);
        if (wanted.Find(id => index.Find(id) is not { Spec.IsEntry: true }) is { } unknown)
        {
            return Problems.Of(Refusal.NotFound(index.Find(unknown) is null
                ? $"There is no model '{unknown}'; GET /models lists those that there are."
                : $"Model '{unknown}' is no entry that could be exported: it has no engine, and is served by providers as it is."));
        }

        var entries = (wanted.Count > 0 ? wanted.Select(id => index.Find(id)!) : index.All.Where(entry => entry.Spec.IsEntry).OrderBy(entry => entry.Id, StringComparer.Ordinal)).ToList();
        var pins = await store.FindAsync(http.Caller().Namespace, entries.SelectMany(entry => ModelsApi.Pinnables(entry, http.Request)), cancellationToken);
        var list = new JsonArray([.. entries.Select(entry => ModelExchange.Write(entry, ModelsApi.Dockerfile(entry, http.Request, pins), ModelAnswer.Resources(entry.Spec, entry.Recommended)))]);
        return format switch
        {
            "json" => TypedResults.Text(list.ToJsonString(Indented), "application/json", Encoding.UTF8),
            "yaml" => TypedResults.Text(YamlText.Write(list), "application/yaml", Encoding.UTF8),
            _ => TypedResults.Text($"export default {JavaScriptText.Write(list)};\n", "text/javascript", Encoding.UTF8),
        };
    }

    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>That of the Model which has the id already, or one made of it.</summary>
    private static string NameFor(CatalogueState state, string @namespace, string id) =>
        state.Namespace(@namespace).Values.FirstOrDefault(resource => resource.Spec is ModelSpec model && model.Id == id)?.Metadata.Name ?? NameOf(id);

    /// <summary>Two entries whose ids make one name: an author of an import has given none that could be told of.</summary>
    private static List<FieldError> SameNames(List<DeclaredResource> documents) =>
    [
        .. documents.GroupBy(document => document.Key).Where(group => group.Count() > 1).SelectMany(group => group.Skip(1).Select(document => new FieldError(
            "id", ((ModelSpec)document.Spec).Id, $"an id whose name is free: '{group.Key.Name}' is the name of entry {group.First().Index + 1}, '{((ModelSpec)group.First().Spec).Id}'",
            "Take out one of the two, or declare it as a Model with a metadata.name of its own.", Document: document.Index))),
    ];

    private static DeclaredResource Declared(Entry entry, int index, ResourceMetadata metadata) => new(
        index,
        ResourceKinds.Of(ResourceKind.Model),
        metadata,
        entry.Spec,
        entry.PlaceOf is { } place ? path => place(path.StartsWith("spec.", StringComparison.Ordinal) ? path[5..] : "") : null)
    {
        PathOf = path => entry.NameOf is { } name && path.StartsWith("spec.", StringComparison.Ordinal) ? name(path[5..]) : path,
    };

    /// <summary>The id as a DNS-1123 label: <c>Qwen2.5_VL/7B</c> → <c>qwen2-5-vl-7b</c>. An id of other letters has nothing to make one of, and gets its hash.</summary>
    internal static string NameOf(string id)
    {
        var name = new StringBuilder();
        foreach (var c in id.ToLowerInvariant())
        {
            name.Append(char.IsAsciiLetterOrDigit(c) ? c : '-');
        }

        var label = name.ToString().Trim('-');
        label = label.Length > 63 ? label[..63].Trim('-') : label;
        return label.Length > 0 ? label : "model-" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(id)).AsSpan(0, 4));
    }
}

/// <param name="Applied">What was stored.</param>
/// <param name="Findings">What the linter says of it; none of it kept the entries from being stored, with <c>?force=true</c> no error either.</param>
internal sealed record ImportAnswer(ApplyAnswer Applied, IReadOnlyList<LintFinding> Findings);
