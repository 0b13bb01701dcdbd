using System.Globalization;
using System.Text.RegularExpressions;
using Orrery.Catalogue.Dockerfiles;
using Orrery.Catalogue.Entries;
using Orrery.Catalogue.Following;
using Orrery.Catalogue.Licences;
using Orrery.Catalogue.Pins;
using Orrery.Catalogue.Search;
using Orrery.Catalogue.Servers;
using Orrery.Catalogue.Sizing;
using Orrery.Contracts;

namespace Orrery.Catalogue.Api;

/// <summary>The models of the caller's namespace: those that come with the service, its own, and what its providers serve.</summary>
internal static partial class ModelsApi
{
    /// <summary>Each is held against every model.</summary>
    private const int MostOffers = 32;

    private static readonly string[] Filters =
        ["q", "category", "type", "engine", "licence", "minParameters", "maxParameters", "minContext", "modality", "language", "tag", "fits", "served"];

    private static readonly string[] Sizes = ["context", "concurrency", "utilization"];

    /// <summary>What changes a Dockerfile that is made from the entry.</summary>
    private static readonly string[] Start = ["server", "gpus", "context"];

    /// <summary>What is asked of a model behind its id, and the parameters of the question.</summary>
    private static readonly Dictionary<string, string[]> Questions = new(StringComparer.Ordinal)
    {
        ["dockerfile"] = Start,
        ["pins"] = ["server"],
        ["fit"] = ["gpu", .. Sizes],
        ["instances"] = ["gpu", "count", "parts", "limit", .. Sizes],
        ["gate"] = [],
    };

    public static void MapModelsApi(this IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("").RequireAdministrator().WithTags("Models");
        group.MapRead("/models", List).Takes([.. Filters, "limit", "after", "namespace"]).WithSummary("Models by words and facts, the best first");

        // An id may hold slashes (Qwen/Qwen3-8B), so it is all the rest of the path; what is asked of it comes last.
        group.MapRead("/models/{**id}", Get).WithSummary("One model, by its id or an alias; /dockerfile, /fit, /instances, /gate and /pins behind it");
        group.MapRead("/fit", FitAll).Takes(["gpu", .. Sizes, "namespace"]).WithSummary("Which models fit on given GPUs, and why not");
        group.MapRead("/gpus", Gpus).Takes().WithSummary("The GPUs that are known");
        group.MapRead("/licences", Licences).Takes().WithSummary("The licences whose facts are known");
        group.MapRead("/licences/{id}", Licence).Takes().WithSummary("One licence");
    }

    private static IResult List(HttpContext http, Shelf shelf, LiveState live)
    {
        var @namespace = http.Namespace();
        var query = ReadQuery(http.Request);
        var (limit, index) = (http.Request.Limit(), shelf.Of(@namespace));
        RequireLicences(query, index);
        try
        {
            var page = index.Search(query, limit, http.Request.Text("after"));
            return TypedResults.Ok(new ModelList([.. page.Items.Select(entry => Answer(entry, live, @namespace))], page.Total, page.After));
        }
        catch (FormatException)
        {
            throw Queries.Wrong("after", http.Request.Text("after")!, "the value of after that the page before gave, with the same question");
        }
    }

    private static async Task<IResult> Get(string id, HttpContext http, Shelf shelf, LiveState live, PinStore store, CancellationToken cancellationToken)
    {
        var @namespace = http.Namespace();
        var index = shelf.Of(@namespace);
        if (index.Find(id) is null)
        {
            id = Unescaped(id);
        }

        var slash = id.LastIndexOf('/');
        var question = slash > 0 && Questions.ContainsKey(id[(slash + 1)..]) ? id[(slash + 1)..] : null;
        var entry = question is null ? null : index.Find(id[..slash]);
        if (entry is null && index.Find(id) is { } whole)
        {
            http.Request.RequireKnown([.. Start, "namespace"]);
            return TypedResults.Ok(await WholeAsync(whole, http.Request, live, @namespace, store, cancellationToken));
        }

        if (entry is null)
        {
            var name = question is null ? id : id[..slash];
            var remedy = id is "lint" or "import" ? $"POST a text to /models/{id}." : $"{Meant(name, index)}GET /models lists those that there are.";
            return Problems.Of(Refusal.NotFound($"There is no model '{name}' in namespace '{@namespace}'; {remedy}"));
        }

        http.Request.RequireKnown([.. Questions[question!], "namespace"]);
        if (!entry.Spec.IsEntry)
        {
            return Problems.Of(question == "gate"
                ? Refusal.NotFound($"There is nothing of model '{entry.Id}' to deploy, and so no gate: it has no engine in its entry, and is served by providers as it is.")
                : NotBuilt(entry));
        }

        return question switch
        {
            "dockerfile" => TypedResults.Text(Dockerfile(entry, http.Request, await KeptAsync(entry, http.Request, @namespace, store, cancellationToken)), "text/plain; charset=utf-8"),
            "fit" => TypedResults.Ok(new FitList([.. ReadOffers(http.Request).Select(offer => FitAnswer.Of(entry.Spec, Fitting.Of(entry.Spec, offer, ReadFit(http.Request))))])),
            "instances" => Instances(entry.Spec, ReadInstances(http.Request), http.Request.Limit(fallback: 10)),
            "pins" => TypedResults.Ok(new PinList(await PinsAsync(entry, http.Request, @namespace, store, cancellationToken))),
            _ => TypedResults.Ok(LicenceGate.Of(live.State, @namespace).Decide(await AtItsCommitAsync(entry, @namespace, store, cancellationToken))),
        };
    }

    /// <summary>A model of that name in another case, of that repository, or of nearly that name.</summary>
    private static string Meant(string name, EntryIndex index) => index.Nearest(name) is { } near ? $"did you mean '{near}'? " : "";

    /// <summary>Some clients encode the whole id; the server leaves this one as it is.</summary>
    internal static string Unescaped(string id) => id.Replace("%2F", "/", StringComparison.OrdinalIgnoreCase);

    internal static Refusal Unknown(string id, string @namespace) => Refusal.NotFound($"There is no model '{id}' in namespace '{@namespace}'; GET /models lists those that there are.");

    internal static Refusal NotBuilt(Entry entry) =>
        Refusal.NotFound($"Nothing is known of how model '{entry.Id}' is built or sized: it has no engine in its entry, and is served by providers as they are.");

    /// <summary>What the entry leaves open, for the server that the request asks for.</summary>
    internal static IReadOnlyList<Pinnable> Pinnables(Entry entry, HttpRequest request) => Pinnable.Of(entry.Spec, ServerFor(entry.Spec, request));

    private static async Task<ModelAnswer> WholeAsync(Entry entry, HttpRequest request, LiveState live, string @namespace, PinStore store, CancellationToken cancellationToken)
    {
        var answer = Answer(entry, live, @namespace);
        if (!entry.Spec.IsEntry)
        {
            return answer.Whole(entry, null, null);
        }

        var kept = await KeptAsync(entry, request, @namespace, store, cancellationToken);
        return answer.Whole(entry, Dockerfile(entry, request, kept), [.. Pinnables(entry, request).Select(wanted => PinAnswer.Of(wanted, kept))]);
    }

    private static Task<PinSet> KeptAsync(Entry entry, HttpRequest request, string @namespace, PinStore store, CancellationToken cancellationToken) =>
        store.FindAsync(@namespace, Pinnables(entry, request), cancellationToken);

    private static async Task<PinAnswer[]> PinsAsync(Entry entry, HttpRequest request, string @namespace, PinStore store, CancellationToken cancellationToken)
    {
        var wanted = Pinnables(entry, request);
        var kept = await store.FindAsync(@namespace, wanted, cancellationToken, withFacts: true);
        return [.. wanted.Select(pinnable => PinAnswer.Of(pinnable, kept))];
    }

    /// <summary>The commit is what an acceptance of a repository's code may be bound to.</summary>
    private static async Task<ModelSpec> AtItsCommitAsync(Entry entry, string @namespace, PinStore store, CancellationToken cancellationToken) =>
        entry.Spec is { RemoteCode: true, Repo: { } repo } model
            ? (await store.FindAsync(@namespace, [Pinnable.OfRevision(repo, model.Revision)], cancellationToken)).Apply(model)
            : entry.Spec;

    private static IResult Instances(ModelSpec model, InstanceQuestion question, int limit)
    {
        var options = InstanceChoice.Options(model, question);
        return TypedResults.Ok(new InstanceList([.. options.Take(limit).Select(option => InstanceAnswer.Of(model, option))], options.Count > 0 ? null : InstanceChoice.WhyNone(model, question)));
    }

    private static IResult FitAll(HttpContext http, Shelf shelf)
    {
        var offers = ReadOffers(http.Request).ToList();
        var question = ReadFit(http.Request);
        var entries = shelf.Of(http.Namespace()).All.Where(entry => entry.Spec.IsEntry);
        return TypedResults.Ok(new FitList([.. entries.SelectMany(entry => offers.Select(offer => FitAnswer.Of(entry.Spec, Fitting.Of(entry.Spec, offer, question))))]));
    }

    private static IResult Gpus() => TypedResults.Ok(new GpuList(
        [.. Hardware.Gpus.Values.OrderBy(gpu => gpu.Id, StringComparer.Ordinal).Select(gpu => new GpuAnswer(gpu.Id, gpu.Name, gpu.Memory, gpu.Capability, gpu.Of, gpu.Nvlink))]));

    private static IResult Licences() => TypedResults.Ok(new LicenceList([.. KnownLicences.All.Select(facts => LicenceAnswer.Of(facts.Id))]));

    private static IResult Licence(string id) => KnownLicences.Find(id) is null
        ? Problems.Of(Refusal.NotFound($"There are no facts about a licence '{id}'; GET /licences lists those that are known."))
        : TypedResults.Ok(LicenceAnswer.Of(id));

    private static ModelAnswer Answer(Entry entry, LiveState live, string @namespace)
    {
        var state = live.State;
        var served = state.Models(@namespace).FirstOrDefault(model => model.Id == entry.Id);
        var providers = state.Providers(@namespace);
        var offers = (served?.Offers ?? []).Select(offer => (Offer: offer, Provider: providers.First(provider => provider.Name == offer.Provider)))
            .Select(pair => new ModelOffer(pair.Provider.Name, pair.Provider.Provider, pair.Provider.Engine, pair.Offer.UpstreamId, pair.Provider.Simulated));
        return ModelAnswer.Of(entry, served, [.. offers]);
    }

    /// <summary>For the server, the GPUs and the context that the request asks for; otherwise as they are recommended.</summary>
    internal static string Dockerfile(Entry entry, HttpRequest request, PinSet pins)
    {
        var model = entry.Spec;
        var table = ServerFor(model, request);
        return model.Dockerfile is not null && Start.FirstOrDefault(name => request.Text(name) is not null) is { } changing
            ? throw Queries.Wrong(changing, request.Text(changing)!, $"none of {string.Join(", ", Start)}: {model.Id} has a Dockerfile of its own, which is what it is")
            : DockerfileRenderer.Render(model, table, ReadStart(ServerCommand.RunBy(model, table), entry.Recommended?.Fit, table.Server != model.Engine, request), pins);
    }

    /// <summary>As the request asks; for the rest as it is recommended. What follows from the entry alone is not refused.</summary>
    /// <param name="model">As the server runs it.</param>
    /// <param name="isOther">Whether that is another server than the one that was recommended for: on the same machine it may hold less.</param>
    private static StartOptions ReadStart(ModelSpec model, Fit? recommended, bool isOther, HttpRequest request)
    {
        var start = recommended is not { Fits: true } ? null : isOther ? Fitting.Of(model, recommended.Offer, new FitQuestion()) is { Fits: true } own ? own : null : recommended;
        var gpus = (int)request.Number("gpus", Math.Max(1, start?.Gpus ?? 1), 1, 64);
        var context = request.Text("context") is null ? (int?)null : (int)request.Number("context", 0, 1, int.MaxValue);
        if (request.Text("gpus") is not null && Splitting.WhyNot(model, gpus) is { } reason)
        {
            throw Queries.Wrong("gpus", $"{gpus}", $"a number of GPUs over which {model.Id} can be split: {reason}");
        }

        if (context > model.ContextWindow)
        {
            throw Queries.Wrong("context", $"{context}", $"at most the context window of {model.Id}, {model.ContextWindow}");
        }

        var most = start is not null && gpus != start.Gpus && Fitting.WithGpus(model, start.Offer, gpus, new FitQuestion(context)) is { Fits: true } other
            ? other.MostRequests
            : start?.MostRequests;
        return new StartOptions(gpus, context ?? (start is { Memory.Cache.Bytes: > 0 } ? start.Context : null), most);
    }

    private static ServerTable ServerFor(ModelSpec model, HttpRequest request)
    {
        var server = request.Text("server") ?? model.Engine!;
        var allowed = (IReadOnlyList<string>)[model.Engine!, .. model.Servers ?? []];
        return allowed.Contains(server) && ServerTables.Current(server) is { } table
            ? table
            : throw Queries.Wrong("server", server, $"a server that serves {model.Id}: {string.Join(", ", allowed)}");
    }

    private static readonly string[] Narrowing = ["category", "type", "engine", "licence", "modality", "language", "tag", "fits", "served", "minParameters", "maxParameters", "minContext"];

    private static EntryQuery ReadQuery(HttpRequest request)
    {
        var words = EntryWords.In(request.Text("q") ?? "").Count();
        if (request.Text("q") is { } text && (words > EntryIndex.MostWords || (words == 0 && !string.IsNullOrWhiteSpace(text))))
        {
            throw Queries.Wrong("q", text.Cut(77, "..."), $"1 to {EntryIndex.MostWords} words");
        }

        if (Narrowing.FirstOrDefault(name => request.Query.ContainsKey(name) && Several(request, name).Count == 0) is { } empty)
        {
            throw Queries.Wrong(empty, request.Query[empty].ToString(), "a value; without the parameter nothing is filtered by it");
        }

        if (request.Text("language") is { } language && !LanguageForm.IsMatch(language))
        {
            throw Queries.Wrong("language", language, "an ISO 639-1 code such as de");
        }

        if (Several(request, "licence").Find(licence => licence.TrimStart('!').Length == 0 || licence.StartsWith("!!", StringComparison.Ordinal)) is { } wrong)
        {
            throw Queries.Wrong("licence", wrong, "a licence's name or one of " + string.Join(", ", LicenceProperties.All) + ", with a ! before it or without");
        }

        return new EntryQuery
        {
            Text = request.Text("q"),
            Category = request.OneOf("category", ModelCategories.All),
            ModelType = request.OneOf("type", ModelTypes.All),
            Engine = request.OneOf("engine", [.. Engines.All.Concat(ServingEngines.Alternatives)]),
            Licences = Several(request, "licence"),
            LeastParameters = Billions(request, "minParameters"),
            MostParameters = Billions(request, "maxParameters"),
            LeastContext = request.Text("minContext") is null ? null : (int)request.Number("minContext", 0, 1, int.MaxValue),
            Modalities = [.. Several(request, "modality").Select(modality => Queries.OneOf("modality", modality, ModalityNames.All))],
            Language = request.Text("language"),
            Tags = Several(request, "tag"),
            FitsOn = request.Text("fits") is { } fits ? ReadOffer("fits", fits) : null,
            IsServed = request.Text("served") is null ? null : request.Flag("served"),
        };
    }

    /// <summary>A licence that no model here has and that is not known either is a slip, and one after a <c>!</c> would keep out nothing.</summary>
    private static void RequireLicences(EntryQuery query, EntryIndex index)
    {
        var known = LicenceProperties.All.Concat(KnownLicences.All.Select(facts => facts.Id)).ToList();
        foreach (var name in query.Licences.Select(licence => licence.TrimStart('!')))
        {
            if (!known.Contains(name, StringComparer.OrdinalIgnoreCase) && !index.Has(EntryFacts.Licence(name)))
            {
                throw Queries.Wrong("licence", name, $"a licence that a model has, or one of {string.Join(", ", LicenceProperties.All)}{(Spelling.Nearest(name, known) is { } nearest ? $" (did you mean '{nearest}'?)" : "")}");
            }
        }
    }

    /// <summary>Given twice or with commas.</summary>
    private static List<string> Several(HttpRequest request, string name) =>
        [.. request.Query[name].OfType<string>().SelectMany(value => value.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))];

    private static double? Billions(HttpRequest request, string name) =>
        request.Text(name) is not { } text ? null
        : ParameterCount.TryParse(text.ToUpperInvariant(), out var count) ? count.Billions
        : throw Queries.Wrong(name, text, ParameterCount.Expectation);

    private static FitQuestion ReadFit(HttpRequest request)
    {
        var context = request.Text("context") is null ? (int?)null : (int)request.Number("context", 0, 1, int.MaxValue);
        var utilization = request.Text("utilization") is not { } text ? MemoryEstimator.DefaultUtilization
            : double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var share) && share is > 0 and <= 1 ? share
            : throw Queries.Wrong("utilization", text, "a share of the memory above 0, up to 1");
        return new FitQuestion(context, (int)request.Number("concurrency", 1, 1, 100_000), utilization);
    }

    private static InstanceQuestion ReadInstances(HttpRequest request)
    {
        var gpu = request.Text("gpu");
        var count = request.Text("count") is null ? (int?)null : (int)request.Number("count", 0, 1, 64);
        if (gpu is null)
        {
            return new InstanceQuestion(ReadFit(request), request.Flag("parts"), null, count);
        }

        // l4:4 is what it is elsewhere: so many of them.
        var hasCount = gpu.Contains(':', StringComparison.Ordinal);
        var name = gpu.Split(':')[0];
        if (!Hardware.Gpus.TryGetValue(name, out var known) || ReadOffer("gpu", gpu).Count is var given && hasCount && count is not null && count != given)
        {
            throw Queries.Wrong("gpu", gpu, "a GPU's name, and a count from 1 to 64 after a colon that count does not contradict, such as l4 or l4:2; names are " + GpuNames);
        }

        return new InstanceQuestion(ReadFit(request), request.Flag("parts") || known.IsPart, name, hasCount ? given : count);
    }

    private static IEnumerable<GpuOffer> ReadOffers(HttpRequest request)
    {
        var offers = Several(request, "gpu");
        return offers.Count > MostOffers ? throw Queries.Wrong("gpu", $"{offers.Count} of them", $"at most {MostOffers}")
            : offers.Count > 0
            ? [.. offers.Select(offer => ReadOffer("gpu", offer))]
            : throw new BadHttpRequestException("gpu is missing; expected NAME:COUNT or MEMORY:COUNT, such as gpu=l4:2 or gpu=24GB:2, several times or with commas. GET /gpus lists the names.");
    }

    /// <summary><c>l4:2</c>; <c>24GB:2</c> is a GPU of which nothing else is known: it is taken to compute with everything.</summary>
    private static GpuOffer ReadOffer(string parameter, string text)
    {
        var match = OfferForm.Match(text);
        var count = match.Groups["count"].Success ? int.Parse(match.Groups["count"].ValueSpan, CultureInfo.InvariantCulture) : 1;
        return !match.Success || count is < 1 or > 64 ? throw WrongGpu(parameter, text)
            : Hardware.Gpus.TryGetValue(match.Groups["gpu"].Value.ToLowerInvariant(), out var gpu) ? new GpuOffer(gpu, count)
            : ByteSize.TryParse(match.Groups["gpu"].Value.ToUpperInvariant().Replace("IB", "iB", StringComparison.Ordinal), out var memory) && memory.Bytes > 1_000_000 ? new GpuOffer(new Gpu($"a GPU of {memory}", memory, "9.0") { Id = $"{memory}" }, count)
            : throw WrongGpu(parameter, text);
    }

    private static BadHttpRequestException WrongGpu(string parameter, string text) =>
        Queries.Wrong(parameter, text, "a GPU's name or memory, and a count from 1 to 64 after a colon, such as l4:2 or 24GB:2; names are " + GpuNames
            + (NearGpu(text.Split(':')[0].ToLowerInvariant()) is { } nearest ? $" (did you mean '{nearest}'?)" : ""));

    /// <summary>h100 is one of several sizes: the first is named.</summary>
    private static string? NearGpu(string written) =>
        (written.Length > 1 ? Hardware.Gpus.Keys.Order(StringComparer.Ordinal).FirstOrDefault(name => name.StartsWith(written, StringComparison.Ordinal)) : null) ?? Spelling.Nearest(written, Hardware.Gpus.Keys);

    private static string GpuNames => string.Join(", ", Hardware.Gpus.Keys.Order(StringComparer.Ordinal));

    [GeneratedRegex("^([A-Za-z]{2,3}(-[A-Za-z0-9-]{1,20})?|multi)\\z")]
    private static partial Regex LanguageForm { get; }

    [GeneratedRegex(@"^(?<gpu>[A-Za-z0-9. -]{1,40}?)(:(?<count>[0-9]{1,3}))?\z")]
    private static partial Regex OfferForm { get; }
}
