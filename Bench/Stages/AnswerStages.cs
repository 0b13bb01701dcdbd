using System.Buffers;
using System.Text.Json;
using BenchmarkDotNet.Attributes;
using Orrery.Bench.Growth;
using Orrery.Bench.Processes;
using Orrery.Contracts;
using Orrery.Gateway;
using Orrery.Gateway.Sending;
using Orrery.Gateway.Translation;

namespace Orrery.Bench.Stages;

/// <summary>What comes back: a chunk of a stream, and what is kept of the request.</summary>
public class AnswerStages
{
    private readonly ArrayBufferWriter<byte> _output = new(1 << 16);
    private readonly byte[] _chunk = EngineProcess.Chunk;
    private IdleGateway _gateway = null!;
    private Exchange _exchange = null!;
    private ChunkTranslator _translator = null!;
    private UsageEvent _used = null!;

    [GlobalSetup]
    public void Start()
    {
        _gateway = new IdleGateway();
        _gateway.Take(Platform.Of(0.001, "http://127.0.0.1:1"));
        _exchange = _gateway.Plan(Platform.Token(0), ChatBody.Of(Platform.ModelName(0), chunks: 100));
        _translator = new ChunkTranslator(_exchange, _exchange.Plan.Candidates[0], reasoningName: null);
        _used = new UsageEvent
        {
            Id = Guid.CreateVersion7(_exchange.StartedAt),
            Namespace = "default",
            Key = "key-0",
            RequestId = _exchange.RequestId,
            TraceId = _exchange.Trace.TraceId,
            Operation = _exchange.Operation.Name,
            Model = _exchange.Model.Id,
            Provider = "provider-0",
            Stream = true,
            PromptTokens = 96,
            CompletionTokens = 32,
            Status = 200,
            Outcome = UsageOutcomes.Completed,
            StartedAt = _exchange.StartedAt,
            DurationMs = 1.5,
        };
    }

    [GlobalCleanup]
    public async Task StopAsync() => await _gateway.DisposeAsync();

    [Benchmark(Description = "a chunk of 280 B found, counted and translated")]
    public int Chunk()
    {
        _output.ResetWrittenCount();
        _translator.Translate(_chunk.AsSpan(0, default(EventSearch).EventLength(_chunk)), _output);
        return _translator.Error is null ? _output.WrittenCount : throw new InvalidOperationException("The chunk was refused.");
    }

    [Benchmark(Description = "a usage event as a line")]
    public int UsageLine()
    {
        _output.ResetWrittenCount();
        using (var json = new Utf8JsonWriter(_output))
        {
            JsonSerializer.Serialize(json, _used, ContractsJson.Default.UsageEvent);
        }

        return _output.WrittenCount;
    }
}
