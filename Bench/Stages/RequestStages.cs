using BenchmarkDotNet.Attributes;
using Orrery.Bench.Growth;
using Orrery.Bench.Processes;
using Orrery.Gateway;
using Orrery.Gateway.Authentication;
using Orrery.Gateway.Intake;
using Orrery.Gateway.Quota;
using Orrery.Gateway.Routing;
using Orrery.Gateway.Translation;

namespace Orrery.Bench.Stages;

/// <summary>The steps of a chat request of 400 bytes that the gateway takes itself, on a platform of a tenth of the full size.</summary>
public class RequestStages
{
    private const double Share = 0.1;
    private const int Limited = 9; // Each tenth key has limits of its own.

    private readonly byte[] _body = ChatBody.Of(Platform.ModelName(0));
    private readonly byte[] _large = ChatBody.Of(Platform.ModelName(0), length: 32 << 10);
    private IdleGateway _gateway = null!;
    private Exchange _fresh = null!;
    private Exchange _planned = null!;
    private Exchange _limited = null!;
    private AccessKeyAuthenticator _authenticator = null!;
    private QuotaGate _quota = null!;
    private EndpointPicker _picker = null!;
    private BodyTranslation _translation = null!;

    [GlobalSetup]
    public void Start()
    {
        _gateway = new IdleGateway();
        _gateway.Take(Platform.Of(Share, "http://127.0.0.1:1"));
        _fresh = _gateway.Begin(Platform.Token(0));
        _planned = _gateway.Plan(Platform.Token(0), _body);
        _limited = _gateway.Plan(Platform.Token(Limited), ChatBody.Of(Platform.ModelName(10)));
        _authenticator = _gateway.Get<AccessKeyAuthenticator>();
        _quota = _gateway.Get<QuotaGate>();
        _picker = _gateway.Get<EndpointPicker>();
        _translation = _gateway.Get<BodyTranslation>();
    }

    [GlobalCleanup]
    public async Task StopAsync() => await _gateway.DisposeAsync();

    [Benchmark(Description = "key to caller")]
    public void Authenticate() => IdleGateway.Demand(_authenticator.Authenticate(_fresh));

    [Benchmark(Description = "body of 400 B")]
    public void ReadBody() => Read(_body);

    [Benchmark(Description = "body of 32 KiB")]
    public void ReadLargeBody() => Read(_large);

    [Benchmark(Description = "model, policy and plan")]
    public void Plan() => _gateway.Plan(_planned);

    [Benchmark(Description = "limits of key and team, reserved and settled in the process")]
    public async ValueTask ReserveAsync()
    {
        _limited.Quota = null;
        IdleGateway.Demand(await _quota.ReserveAsync(_limited));
        _limited.Quota!.Used(0, isAnswered: false); // Or the limit would be used up.
        _limited.Quota.Dispose();
    }

    [Benchmark(Description = "endpoint and request to the engine")]
    public bool Translate()
    {
        var tried = new TriedEndpoints();
        using var lease = _picker.TryTake(_planned, ref tried) ?? throw new InvalidOperationException("No endpoint is free.");
        using var request = EngineRequest.Create(_planned, lease, "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00", _translation, out _);
        return request is not null;
    }

    private static void Read(byte[] body) => IdleGateway.Demand(CallReader.Read(new Call { Body = body }, Operation.Chat, maxDepth: 64));
}
