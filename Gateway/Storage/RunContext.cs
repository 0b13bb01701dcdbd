using System.IO.Pipelines;
using Microsoft.AspNetCore.Http.Features;

namespace Orrery.Gateway.Storage;

/// <summary>A run's request and answer as the pipeline knows them, with no connection behind them.</summary>
internal sealed class RunContext : IHttpResponseFeature, IHttpResponseBodyFeature, IHttpRequestLifetimeFeature, IDisposable
{
    private readonly CancellationTokenSource _aborted;
    private readonly MemoryStream _refusal = new();
    private readonly Stack<(Func<object, Task> Callback, object State)> _completing = new();
    private readonly StreamResponseBodyFeature _body;
    private readonly Run _run;

    /// <param name="path">The request's.</param>
    public RunContext(Run run, string path)
    {
        _run = run;
        _aborted = CancellationTokenSource.CreateLinkedTokenSource(run.Cancelled);
        RequestAborted = _aborted.Token;
        _body = new StreamResponseBodyFeature(new AnswerStream(this));
        var request = new HttpRequestFeature { Method = HttpMethods.Post, Scheme = "http", Protocol = HttpProtocol.Http2, Path = path, RawTarget = path, Body = new MemoryStream(run.Body, writable: false) };
        foreach (var (name, value) in run.Headers)
        {
            request.Headers[name] = value;
        }

        request.Headers.ContentLength = run.Body.Length;
        var features = new FeatureCollection();
        features.Set<IHttpRequestFeature>(request);
        features.Set<IHttpResponseFeature>(this);
        features.Set<IHttpResponseBodyFeature>(this);
        features.Set<IHttpRequestLifetimeFeature>(this);
        Http = new DefaultHttpContext(features);
    }

    public HttpContext Http { get; }

    public int StatusCode { get; set; } = StatusCodes.Status200OK;

    public string? ReasonPhrase { get; set; }

    public IHeaderDictionary Headers { get; set; } = new HeaderDictionary();

    /// <summary>The connection was cut: what was answered is not whole.</summary>
    public bool IsCut { get; private set; }

    public bool HasStarted { get; private set; }

    public CancellationToken RequestAborted { get; set; }

    public Stream Stream => _body.Stream;

    public PipeWriter Writer => _body.Writer;

    Stream IHttpResponseFeature.Body { get => Stream; set => throw new NotSupportedException(); }

    /// <summary>Nothing comes any more.</summary>
    public async Task<RunAnswer> CompleteAsync()
    {
        await _body.CompleteAsync();
        while (_completing.TryPop(out var completing))
        {
            await completing.Callback(completing.State);
        }

        if (_run.Answer is { } answer)
        {
            await answer.DisposeAsync();
        }

        return new(StatusCode, Headers, _refusal.ToArray(), IsWhole: HasStarted && !IsCut);
    }

    public void Abort()
    {
        IsCut = true;
        _aborted.Cancel();
    }

    public async Task StartAsync(CancellationToken cancellationToken = default)
    {
        HasStarted = true;
        await _body.StartAsync(cancellationToken);
    }

    Task IHttpResponseBodyFeature.CompleteAsync() => _body.CompleteAsync();

    public void DisableBuffering()
    {
    }

    public Task SendFileAsync(string path, long offset, long? count, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    public void OnStarting(Func<object, Task> callback, object state) => throw new NotSupportedException();

    public void OnCompleted(Func<object, Task> callback, object state) => _completing.Push((callback, state));

    public void Dispose() => _aborted.Dispose();

    /// <summary>An answer goes where the kind of run wants it, a refusal is kept here.</summary>
    private Stream Target()
    {
        HasStarted = true;
        return StatusCode == StatusCodes.Status200OK ? _run.Answer ??= _run.Kind.OpenAnswer(_run, Headers) : _refusal;
    }

    private sealed class AnswerStream(RunContext context) : Stream
    {
        public override bool CanRead => false;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override void Flush() => throw new NotSupportedException();

        public override Task FlushAsync(CancellationToken cancellationToken) => context.HasStarted ? context.Target().FlushAsync(cancellationToken) : Task.CompletedTask;

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) => context.Target().WriteAsync(buffer, cancellationToken);

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();
    }
}
