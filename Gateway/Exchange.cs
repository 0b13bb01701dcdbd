using Orrery.Gateway.Authentication;
using Orrery.Gateway.Intake;
using Orrery.Gateway.ModelResolution;
using Orrery.Gateway.Quota;
using Orrery.Gateway.Routing;
using Orrery.Gateway.Sending;
using Orrery.Gateway.Storage;
using Orrery.Gateway.Translation.Clients;
using Orrery.Gateway.Usage;

namespace Orrery.Gateway;

/// <summary>One request on its way. Each property is set by the step it is named under, and by no other.</summary>
internal sealed class Exchange(HttpContext http, Operation operation, Snapshot? snapshot, TraceContext trace, DateTimeOffset startedAt, long startTimestamp) : IDisposable
{
    private const int MostLeftOut = 64;

    private Caller? _caller;
    private Call? _call;
    private ServedModel? _model;
    private RoutePlan? _plan;
    private List<LeftOut>? _leftOut;
    private RequestFacts? _facts;

    public HttpContext Http { get; } = http;

    public Operation Operation { get; } = operation;

    /// <summary>What the client speaks, where it is not OpenAI's API for <see cref="Operation"/>.</summary>
    public IClientProtocol? Protocol { get; init; }

    /// <summary>It has no client: what comes of it is stored.</summary>
    public Run? Run { get; init; }

    /// <summary>Intake: the request in the words of <see cref="Protocol"/>.</summary>
    public IDialogue? Dialogue { get; set; }

    /// <summary>The platform as it was when the request began; <c>null</c> when this gateway has never seen it.</summary>
    public Snapshot? Snapshot { get; } = snapshot;

    public DateTimeOffset StartedAt { get; } = startedAt;

    public long StartTimestamp { get; } = startTimestamp;

    public TraceContext Trace { get; } = trace;

    /// <summary>What is told of it; <c>null</c> where nobody records it.</summary>
    public RequestStory? Story { get; set; }

    public CancellationToken ClientLeft { get; } = http.RequestAborted;

    /// <summary>Authentication.</summary>
    public Caller Caller
    {
        get => _caller ?? throw NotYet(nameof(Caller));
        set => _caller = value;
    }

    /// <summary>Intake.</summary>
    public Call Call
    {
        get => _call ?? throw NotYet(nameof(Call));
        set => _call = value;
    }

    /// <summary>Intake: what holds the body's bytes until the request is over.</summary>
    public IDisposable? Body { get; set; }

    /// <summary>ModelResolution.</summary>
    public ServedModel Model
    {
        get => _model ?? throw NotYet(nameof(Model));
        set => _model = value;
    }

    /// <summary>ModelResolution: every model that may answer, in the order in which they are asked; Policy takes those out that the caller may not use.</summary>
    public IReadOnlyList<WantedModel> Wanted { get; set; } = [];

    /// <summary>ModelResolution: the route that decided; <c>null</c> where the request's own names did.</summary>
    public DeclaredRoute? Route { get; set; }

    /// <summary>ModelResolution: what routes allow of it; <c>null</c>: everything.</summary>
    public RouteBounds? Bounds { get; set; }

    /// <summary>What expressions see of it. Made when the first asks.</summary>
    public RequestFacts Facts => _facts ??= new RequestFacts(this);

    /// <summary>Some expression gave no value.</summary>
    public bool HasFaults => _facts is { Faults.Count: > 0 };

    /// <summary>ModelResolution: any model will do.</summary>
    public bool IsAuto { get; set; }

    /// <summary>What was asked for and leads nowhere, for explanations.</summary>
    public IReadOnlyList<LeftOut>? LeftOut => _leftOut;

    /// <summary>Quota: what it holds of limits until it is over; <c>null</c> where there are none.</summary>
    public QuotaHold? Quota { get; set; }

    /// <summary>Routing: tokens of prompt and answer that it may need, where a provider bounds them.</summary>
    public long? ContextTokens { get; set; }

    /// <summary>Routing.</summary>
    public RoutePlan Plan
    {
        get => _plan ?? throw NotYet(nameof(Plan));
        set => _plan = value;
    }

    /// <summary>Sending: who answered, or was tried last.</summary>
    public Candidate? Candidate { get; set; }

    /// <summary>Sending: the key of the attempt under way, where the provider has several.</summary>
    public ProviderKey? ProviderKey { get; set; }

    /// <summary>Sending: the engine that answers says itself that it is a simulator, whatever is declared of it.</summary>
    public bool SaysSimulated { get; set; }

    /// <summary>A simulator answers; before anybody is asked: nobody else can.</summary>
    public bool IsSimulated => Candidate is { } candidate
        ? candidate.Provider.Spec.Simulated || SaysSimulated
        : _plan is { Candidates.Count: > 0 } plan && plan.Candidates.All(possible => possible.Provider.Spec.Simulated);

    /// <summary>The model that answered, or was tried last; before that the one asked for.</summary>
    public ServedModel Served => Candidate?.Model ?? Model;

    /// <summary>Sending: why nobody answered, or why the answer broke off.</summary>
    public SendError? Error { get; set; }

    /// <summary>Translation counts here what the engine says and what is streamed.</summary>
    public UsageMeter Meter { get; } = new();

    /// <summary>Whether the model is known, so that there is something to account for.</summary>
    public bool IsResolved => _model is not null;

    public string RequestId => Http.TraceIdentifier;

    /// <summary>Notes what leads nowhere, as far as explanations have room: of thousands of candidates thousands may.</summary>
    public void LeaveOut(string name, string reason)
    {
        if (MayNote)
        {
            (_leftOut ??= []).Add(new(name, reason));
        }
    }

    public void LeaveOut(Candidate candidate, string reason)
    {
        if (MayNote)
        {
            LeaveOut($"{candidate.Provider.Name}/{candidate.Model.Id}", reason);
        }
    }

    private bool MayNote => _leftOut is not { Count: >= MostLeftOut };

    public void Dispose()
    {
        Quota?.Dispose();
        _facts?.Dispose();
        Body?.Dispose();
    }

    private static InvalidOperationException NotYet(string property) => new($"Exchange.{property} is read before the step that sets it has run.");
}
