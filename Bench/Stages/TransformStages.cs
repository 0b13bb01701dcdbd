using System.Buffers;
using System.Text;
using BenchmarkDotNet.Attributes;
using Orrery.Bench.Growth;
using Orrery.Bench.Processes;
using Orrery.Contracts;
using Orrery.Contracts.Transforms;
using Orrery.Gateway;
using Orrery.Gateway.Translation;

namespace Orrery.Bench.Stages;

/// <summary>What a server with an API of its own costs: the request written by its transform, the whole answer read, one event of a stream. The expressions are those of Ollama's example, shortened.</summary>
public class TransformStages
{
    private static readonly byte[] Answer = Encoding.UTF8.GetBytes(
        """{"model":"m","created_at":"2026-11-20T08:00:00.125000Z","message":{"role":"assistant","content":"The quick brown fox jumps over the lazy dog."},"done":true,"done_reason":"stop","total_duration":2100000000,"prompt_eval_count":26,"eval_count":12}""");

    private static readonly byte[] Line = Encoding.UTF8.GetBytes(
        """{"model":"m","created_at":"2026-11-20T08:00:00.125000Z","message":{"role":"assistant","content":" quick"},"done":false}""" + "\n");

    private readonly ArrayBufferWriter<byte> _output = new(1 << 16);
    private IdleGateway _gateway = null!;
    private Exchange _whole = null!;
    private Exchange _streamed = null!;
    private ITranslatingAdapter _adapter = null!;
    private StreamTranslator _stream = null!;

    [GlobalSetup]
    public void Start()
    {
        _gateway = new IdleGateway();
        var platform = Platform.Of(0.001, "http://127.0.0.1:1");
        _gateway.Take(platform with { Providers = [.. platform.Providers.Select(provider => provider with { Engine = Engines.Custom, Transforms = Transforms })] });
        _whole = Plan("""{"model":"vendor/model-0","messages":[{"role":"system","content":"Be brief."},{"role":"user","content":"What does the fox do?"}],"max_tokens":64,"temperature":0.5}""");
        _streamed = Plan("""{"model":"vendor/model-0","messages":[{"role":"user","content":"What does the fox do?"}],"stream":true}""");
        _adapter = (ITranslatingAdapter)_whole.Plan.Candidates[0].Provider.Adapter;
        _stream = _adapter.ReadStream(_streamed, _streamed.Plan.Candidates[0], reasoningName: null);
    }

    [GlobalCleanup]
    public async Task StopAsync() => await _gateway.DisposeAsync();

    [Benchmark(Description = "a chat request of two messages, written by its transform")]
    public int Request()
    {
        _output.ResetWrittenCount();
        return Check(_adapter.WriteBody(_whole, _whole.Plan.Candidates[0], _output) is null);
    }

    [Benchmark(Description = "a whole answer of 240 B, read by its transform and counted")]
    public int Whole()
    {
        _output.ResetWrittenCount();
        return Check(_adapter.WriteAnswer(_whole, _whole.Plan.Candidates[0], Answer, reasoningName: null, _output) is null);
    }

    [Benchmark(Description = "an event of 120 B of a stream, found, read and counted")]
    public int Event()
    {
        _output.ResetWrittenCount();
        _stream.Translate(Line.AsSpan(0, _stream.EventLength(Line, isEnd: false)), _output);
        return Check(_stream.Error is null);
    }

    private static ProviderTransforms Transforms => new()
    {
        Chat = new OperationTransform
        {
            Request = new RequestTransform
            {
                Path = "/api/chat",
                Body = "{'model': model, 'stream': stream, 'messages': request.turns.map(t, {'role': t.role, 'content': t.text}), 'options': {'num_predict': request.max_tokens, 'temperature': request.temperature, 'top_p': request.top_p, 'stop': request.stop}}",
            },
            Response = new ResponseTransform
            {
                Body = "{'content': response.message.content, 'finish_reason': response.done_reason == 'length' ? 'length' : 'stop', 'usage': {'prompt_tokens': response.prompt_eval_count, 'completion_tokens': response.eval_count}}",
            },
            Stream = new StreamTransform
            {
                Format = StreamFormats.Ndjson,
                Event = "{'content': event.message.content, 'finish_reason': !event.done ? null : event.done_reason == 'length' ? 'length' : 'stop'}",
                Usage = "event.done ? {'prompt_tokens': event.prompt_eval_count, 'completion_tokens': event.eval_count} : null",
                Done = "event.done",
            },
        },
    };

    private Exchange Plan(string body) => _gateway.Plan(Platform.Token(0), Encoding.UTF8.GetBytes(body));

    private int Check(bool isWell) => isWell ? _output.WrittenCount : throw new InvalidOperationException("The transform failed.");
}
