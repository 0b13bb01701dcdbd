using System.Net;
using System.Net.Http.Headers;

namespace Orrery.Gateway.Usage;

/// <summary>A <see cref="Contracts.UsageBatch"/> of events as they rest on disk, without reading them and writing them again.</summary>
internal sealed class UsageContent : HttpContent
{
    private static readonly ReadOnlyMemory<byte> Head = "{\"events\":["u8.ToArray();
    private static readonly ReadOnlyMemory<byte> Tail = "]}"u8.ToArray();
    private readonly ReadOnlyMemory<byte> _events;

    /// <param name="events">With commas between them.</param>
    public UsageContent(ReadOnlyMemory<byte> events)
    {
        _events = events;
        Headers.ContentType = new MediaTypeHeaderValue("application/json");
    }

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        await stream.WriteAsync(Head, cancellationToken);
        await stream.WriteAsync(_events, cancellationToken);
        await stream.WriteAsync(Tail, cancellationToken);
    }

    protected override bool TryComputeLength(out long length)
    {
        length = Head.Length + _events.Length + Tail.Length;
        return true;
    }
}
