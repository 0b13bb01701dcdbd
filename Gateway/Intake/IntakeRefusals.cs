using Microsoft.AspNetCore.Connections.Features;
namespace Orrery.Gateway.Intake;

/// <summary>What is said of a body that cannot be taken, whatever its kind.</summary>
internal static class IntakeRefusals
{
    private static readonly TimeSpan BusyRetryAfter = TimeSpan.FromSeconds(1);

    /// <summary><c>null</c> where the body comes as it is.</summary>
    public static Refusal? Encoded(HttpRequest request)
    {
        var encoding = request.Headers.ContentEncoding;
        return encoding.Count == 0 || string.Equals(encoding.ToString(), "identity", StringComparison.OrdinalIgnoreCase)
            ? null
            : new Refusal(
                StatusCodes.Status415UnsupportedMediaType, RefusalTypes.InvalidRequest, "unsupported_content_encoding",
                $"Content-Encoding is '{Shown.Of(encoding.ToString())}'; expected identity. Send the body uncompressed.");
    }

    public static Refusal WrongType(string? contentType, string expected) => new(
        StatusCodes.Status415UnsupportedMediaType, RefusalTypes.InvalidRequest, "unsupported_content_type",
        $"Content-Type is '{Shown.Of(contentType)}'; expected {expected}.");

    /// <summary>Has HTTP/1.1 close the connection too, since nobody knows where the next request would begin.</summary>
    /// <exception cref="OperationCanceledException">The client has left; nobody is there to be refused.</exception>
    public static Refusal Unreadable(Exchange exchange, BadHttpRequestException error)
    {
        if (HttpProtocol.IsHttp11(exchange.Http.Request.Protocol))
        {
            exchange.Http.Features.Get<IConnectionLifetimeNotificationFeature>()?.RequestClose();
        }

        exchange.ClientLeft.ThrowIfCancellationRequested();
        return error.StatusCode == StatusCodes.Status408RequestTimeout
            ? new Refusal(
                StatusCodes.Status408RequestTimeout, RefusalTypes.InvalidRequest, "request_timeout",
                "The body arrived too slowly. Send it at no less than 240 bytes a second.")
            : new Refusal(
                StatusCodes.Status400BadRequest, RefusalTypes.InvalidRequest, "incomplete_body",
                $"The body cannot be read to its end ({error.Message.TrimEnd('.')}). Send as many bytes as Content-Length says, or chunks as RFC 9112 has them.");
    }

    /// <param name="option">The option that bounds it.</param>
    public static Refusal TooLarge(long mostBytes, string option) => new(
        StatusCodes.Status413PayloadTooLarge, RefusalTypes.InvalidRequest, "body_too_large",
        $"The body is longer than {mostBytes} bytes. Send less, or ask the operator to raise {option}.");

    public static Refusal Busy() => Full("The gateway holds as many request bodies as it may (Gateway:MaxBufferedBytes).");

    /// <summary>The disk for long bodies is full, or as full as it may be.</summary>
    public static Refusal SpoolFull() => Full("The gateway keeps as many long request bodies on disk as it can (Gateway:MaxSpooledBytes, or what is free below Gateway:DataDirectory).");

    private static Refusal Full(string what) => new(
        StatusCodes.Status503ServiceUnavailable, RefusalTypes.Unavailable, "gateway_busy", what + " Try again in a moment.", RetryAfter: BusyRetryAfter);
}
