using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Orrery.Contracts;
using Orrery.Gateway;
using Orrery.Gateway.Intake;
using Orrery.Gateway.Routing;
using Orrery.Gateway.Sending;

namespace Orrery.Tests.Gateway.Sending;

/// <summary>A gateway's own relay, without the gateway around it.</summary>
internal sealed class SplitRelay(GatewayWorld world, bool isEncrypted, string model) : IAsyncDisposable
{
    private readonly EngineStreams _streams = world.Gateway.Services.GetRequiredService<EngineStreams>();
    private readonly StreamRelay _relay = world.Gateway.Services.GetRequiredService<StreamRelay>();
    private readonly IdleTimeoutPool _timeouts = world.Gateway.Services.GetRequiredService<IdleTimeoutPool>();
    private readonly Candidate _candidate = world.Current.Value!.Callers.Values.Single().Models.ByName[model].Plan.Candidates[0];

    /// <param name="isEncrypted">Read as from a TLS connection.</param>
    public static Task<SplitRelay> StartAsync(bool isEncrypted) =>
        StartAsync(isEncrypted, GatewayWorld.Document(GatewayWorld.Provider("p1", "http://127.0.0.1:9/v1")), "m");

    public static async Task<SplitRelay> StartAsync(bool isEncrypted, SnapshotDocument document, string model) =>
        new(await GatewayWorld.StartAsync(document), isEncrypted, model);

    /// <param name="bytes">The engine's stream.</param>
    /// <param name="sizes">How much the network brings at once; at last the rest.</param>
    public async Task<string> RunAsync(byte[] bytes, params int[] sizes)
    {
        var (told, error) = await TryAsync(bytes, sizes);
        Assert.Null(error);
        return told;
    }

    /// <summary>The same for a stream that may be refused.</summary>
    public async Task<(string Told, SendError? Error)> TryAsync(byte[] bytes, params int[] sizes)
    {
        using var told = new MemoryStream();
        var http = new DefaultHttpContext { TraceIdentifier = "req_test" };
        http.Response.Body = told;
        using var exchange = new Exchange(http, Operation.Chat, snapshot: null, trace: default, startedAt: default, startTimestamp: TimeProvider.System.GetTimestamp())
        {
            Call = new Call { Body = "{}"u8.ToArray(), Stream = true, AsksForUsage = true },
            Model = _candidate.Model,
            Candidate = _candidate,
        };
        var timeout = _timeouts.Rent(CancellationToken.None, long.MaxValue);
        SendError? error;
        await using (var body = new Pieces(bytes, sizes))
        await using (var upstream = _streams.Open(body, isEncrypted, timeout))
        {
            var relaying = _relay.RelayAsync(exchange, _candidate, upstream, timeout);
            body.Begin();
            error = await relaying;
        }

        _timeouts.Return(timeout);
        return (Encoding.UTF8.GetString(told.ToArray()), error);
    }

    public ValueTask DisposeAsync() => world.DisposeAsync();

    /// <summary>Bytes that come in pieces, each when whoever waits for it has done with the one before. A read of nothing tells that there is something, as a socket's does.</summary>
    private sealed class Pieces(byte[] bytes, int[] sizes) : MemoryStream(bytes, writable: false)
    {
        private readonly TaskCompletionSource _begun = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int _piece;
        private int _left = sizes[0];

        public void Begin() => _begun.SetResult();

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            await _begun.Task;
            if (buffer.IsEmpty)
            {
                return 0;
            }

            if (_left == 0)
            {
                await Task.Yield();
                _left = ++_piece < sizes.Length ? sizes[_piece] : int.MaxValue;
            }

            var read = Read(buffer.Span[..Math.Min(_left, buffer.Length)]);
            _left -= read;
            return read;
        }
    }
}
