using System.Globalization;
using System.Text;

namespace Orrery.Catalogue.Api;

/// <summary>Writes one answer as server-sent events (WHATWG HTML §9.2); each is on its way when the call returns.</summary>
internal sealed class ServerSentEvents(HttpResponse response)
{
    public void Begin()
    {
        response.ContentType = "text/event-stream";
        response.Headers.CacheControl = "no-cache, no-store";
        response.Headers["X-Accel-Buffering"] = "no";
    }

    /// <param name="json">On one line, as our serializers write it.</param>
    public async Task SendAsync(string name, long id, ReadOnlyMemory<byte> json, CancellationToken cancellationToken)
    {
        await response.Body.WriteAsync(Encoding.ASCII.GetBytes($"event: {name}\nid: {id.ToString(CultureInfo.InvariantCulture)}\ndata: "), cancellationToken);
        await response.Body.WriteAsync(json, cancellationToken);
        await response.Body.WriteAsync("\n\n"u8.ToArray(), cancellationToken);
        await response.Body.FlushAsync(cancellationToken);
    }
}
