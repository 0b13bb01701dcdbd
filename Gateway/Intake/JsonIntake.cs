using Microsoft.Extensions.Options;

namespace Orrery.Gateway.Intake;

/// <summary>Takes the body into a rented buffer and reads what routing needs; a body that cannot be meant is refused here.</summary>
internal sealed class JsonIntake(BufferPool pool, BodyBudget budget, IOptions<GatewayOptions> options)
{
    private const int FirstGuess = 4 << 10;
    private static readonly TimeSpan BusyRetryAfter = TimeSpan.FromSeconds(1);

    private readonly int _maxBytes = options.Value.MaxBodyBytes;
    private readonly int _maxDepth = options.Value.MaxJsonDepth;

    public async ValueTask<Refusal?> ReadAsync(Exchange exchange)
    {
        if (CheckHeaders(exchange.Http.Request) is { } refusal)
        {
            return refusal;
        }

        exchange.Body = new RequestBody(pool, budget);
        if (await TakeAsync(exchange, exchange.Body) is { } unread)
        {
            return unread;
        }

        var call = new Call { Body = exchange.Body.Bytes, MaxDepth = _maxDepth };
        var fault = CallReader.Read(call, exchange.Operation, _maxDepth);
        exchange.Call = call;
        return fault;
    }

    private Refusal? CheckHeaders(HttpRequest request)
    {
        var encoding = request.Headers.ContentEncoding;
        if (encoding.Count > 0 && !string.Equals(encoding.ToString(), "identity", StringComparison.OrdinalIgnoreCase))
        {
            return new Refusal(
                StatusCodes.Status415UnsupportedMediaType, RefusalTypes.InvalidRequest, "unsupported_content_encoding",
                $"Content-Encoding is '{Shown.Of(encoding.ToString())}'; expected identity. Send the body uncompressed.");
        }

        if (!IsJson(request.ContentType))
        {
            return new Refusal(
                StatusCodes.Status415UnsupportedMediaType, RefusalTypes.InvalidRequest, "unsupported_content_type",
                $"Content-Type is '{Shown.Of(request.ContentType)}'; expected application/json.");
        }

        return request.ContentLength > _maxBytes ? TooLarge() : null;
    }

    private async ValueTask<Refusal?> TakeAsync(Exchange exchange, RequestBody body)
    {
        var request = exchange.Http.Request;
        if (!body.TryReserve(Math.Max(1, (int)(request.ContentLength ?? FirstGuess))))
        {
            return Busy();
        }

        try
        {
            while (true)
            {
                var read = await request.BodyReader.ReadAsync(exchange.ClientLeft);
                var length = body.Bytes.Length + read.Buffer.Length;
                var refusal = length > _maxBytes ? TooLarge() : !body.TryReserve((int)length) ? Busy() : null;
                if (refusal is null)
                {
                    body.Append(read.Buffer);
                }

                request.BodyReader.AdvanceTo(read.Buffer.End);
                if (refusal is not null || read.IsCompleted)
                {
                    return refusal;
                }
            }
        }
        catch (BadHttpRequestException error)
        {
            return Unreadable(error);
        }
        catch (IOException)
        {
            // The connection broke inside the body: nobody is left to answer.
            throw new OperationCanceledException(exchange.ClientLeft);
        }
    }

    private static Refusal Unreadable(BadHttpRequestException error) => error.StatusCode == StatusCodes.Status408RequestTimeout
        ? new Refusal(
            StatusCodes.Status408RequestTimeout, RefusalTypes.InvalidRequest, "request_timeout",
            "The body arrived too slowly. Send it at no less than 240 bytes a second.")
        : new Refusal(
            StatusCodes.Status400BadRequest, RefusalTypes.InvalidRequest, "incomplete_body",
            "The body ended before its announced length. Send as many bytes as Content-Length says.");

    private static bool IsJson(string? contentType)
    {
        var media = contentType.AsSpan();
        var parameters = media.IndexOf(';');
        media = (parameters < 0 ? media : media[..parameters]).Trim();
        return media.Equals("application/json", StringComparison.OrdinalIgnoreCase);
    }

    private Refusal TooLarge() => new(
        StatusCodes.Status413PayloadTooLarge, RefusalTypes.InvalidRequest, "body_too_large",
        $"The body is longer than {_maxBytes} bytes. Send less, or ask the operator to raise Gateway:MaxBodyBytes.");

    private static Refusal Busy() => new(
        StatusCodes.Status503ServiceUnavailable, RefusalTypes.Unavailable, "gateway_busy",
        "The gateway holds as many request bodies as it may (Gateway:MaxBufferedBytes). Try again in a moment.", RetryAfter: BusyRetryAfter);
}
