using System.Buffers;
using Microsoft.Extensions.Options;
using Microsoft.Net.Http.Headers;

namespace Orrery.Gateway.Intake;

/// <summary>Takes a <c>multipart/form-data</c> body in as it arrives, and reads what routing needs on the way; what is long waits on disk.</summary>
internal sealed partial class FormIntake(BufferPool pool, BodyBudget budget, BodySpool spool, IOptions<GatewayOptions> options, ILogger<FormIntake> logger)
{
    private const int LongestBoundary = 70;

    /// <summary>RFC 2046's <c>bchars</c>.</summary>
    private static readonly SearchValues<char> BoundaryCharacters =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'()+_,-./:=? ");

    private readonly int _maxBytes = options.Value.MaxFormBytes;

    public async ValueTask<Refusal?> ReadAsync(Exchange exchange)
    {
        var request = exchange.Http.Request;
        if (IntakeRefusals.Encoded(request) is { } encoded)
        {
            return encoded;
        }

        if (BoundaryOf(request.ContentType, out var boundary) is { } wrongType)
        {
            return wrongType;
        }

        if (request.ContentLength > _maxBytes)
        {
            return TooLarge();
        }

        var form = new FormBody(pool, budget, spool, boundary);
        exchange.Body = form;
        var scanner = new FormScanner(boundary, exchange.Operation);
        if (await TakeAsync(exchange, form, scanner) is { } refusal)
        {
            return refusal;
        }

        form.ModelPart = scanner.ModelPart;
        form.Removals = scanner.Routing?.Removals ?? [];
        (form.Fields, form.Files) = (scanner.Fields, await WithTypesAsync(form, scanner.Files, exchange.ClientLeft));
        exchange.Call = new Call
        {
            Body = default,
            Form = form,
            FormModalities = exchange.Operation.IsForm ? Modalities.Audio : form.Files.Count > 0 ? Modalities.Text | Modalities.Image : Modalities.Text,
            ModelName = scanner.ModelName!,
            Stream = scanner.Stream && exchange.Operation.MayStream,
            Models = scanner.Routing?.Models,
            Routing = scanner.Routing?.Routing,
        };
        return null;
    }

    private async ValueTask<Refusal?> TakeAsync(Exchange exchange, FormBody form, FormScanner scanner)
    {
        var reader = exchange.Http.Request.BodyReader;
        long length = 0;
        try
        {
            while (true)
            {
                var read = await reader.ReadAsync(exchange.ClientLeft);
                var isForm = !scanner.IsAtEnd; // What follows the closing boundary is taken, and goes nowhere.
                var done = isForm ? scanner.Scan(read.Buffer) : read.Buffer.Length;
                length += done;
                Refusal? refusal;
                try
                {
                    refusal = scanner.Fault
                        ?? (length > _maxBytes ? TooLarge() : null)
                        ?? (isForm ? await AppendAsync(form, read.Buffer.Slice(0, done), exchange) : null);
                }
                finally
                {
                    reader.AdvanceTo(read.IsCompleted ? read.Buffer.End : read.Buffer.GetPosition(done), read.Buffer.End); // Also when the client leaves meanwhile, or its connection could not be closed.
                }

                if (refusal is not null)
                {
                    return refusal;
                }

                if (read.IsCompleted)
                {
                    return scanner.Check();
                }
            }
        }
        catch (BadHttpRequestException error)
        {
            return IntakeRefusals.Unreadable(exchange, error);
        }
        catch (IOException)
        {
            // The connection broke inside the body: nobody is left to answer.
            throw new OperationCanceledException(exchange.ClientLeft);
        }
    }

    /// <summary>Looks at the beginning of each file, so that what is made of it has a length before it is sent.</summary>
    private static async ValueTask<IReadOnlyList<FilePart>> WithTypesAsync(FormBody form, List<FilePart> files, CancellationToken cancellationToken)
    {
        for (var i = 0; i < files.Count; i++)
        {
            var file = files[i];
            using var beginning = new MemoryStream(MediaTypes.Telling);
            await form.CopyToAsync(beginning, file.Start, Math.Min(file.Start + MediaTypes.Telling, file.End), cancellationToken);
            files[i] = file with { MediaType = MediaTypes.Of(beginning.GetBuffer().AsSpan(0, (int)beginning.Length), file.Declared) };
        }

        return files;
    }

    private async ValueTask<Refusal?> AppendAsync(FormBody form, ReadOnlySequence<byte> bytes, Exchange exchange)
    {
        try
        {
            return await form.AppendAsync(bytes, exchange.ClientLeft);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            Log.NoSpool(logger, exchange.RequestId, error.Message);
            return IntakeRefusals.SpoolFull();
        }
    }

    private static Refusal? BoundaryOf(string? contentType, out string boundary)
    {
        boundary = "";
        if (!MediaTypeHeaderValue.TryParse(contentType, out var media) || !media.MediaType.Equals("multipart/form-data", StringComparison.OrdinalIgnoreCase))
        {
            return IntakeRefusals.WrongType(contentType, "multipart/form-data with a boundary");
        }

        var given = media.Parameters.Where(parameter => parameter.Name.Equals("boundary", StringComparison.OrdinalIgnoreCase)).ToList();
        boundary = given.Count == 1 ? HeaderUtilities.RemoveQuotes(given[0].Value).ToString() : "";
        return boundary.Length is > 0 and <= LongestBoundary && !boundary.AsSpan().ContainsAnyExcept(BoundaryCharacters) && boundary[^1] != ' '
            ? null
            : new Refusal(
                StatusCodes.Status400BadRequest, RefusalTypes.InvalidRequest, "invalid_form",
                given.Count == 0 ? "Content-Type names no boundary; expected 'multipart/form-data; boundary=…', as your HTTP client writes it when it is not told otherwise."
                : given.Count > 1 ? "Content-Type names two boundaries; expected one."
                : $"The boundary '{Shown.Of(boundary)}' is none; expected 1 to {LongestBoundary} letters, digits and '()+_,-./:=?.");
    }

    private Refusal TooLarge() => IntakeRefusals.TooLarge(_maxBytes, "Gateway:MaxFormBytes");

    private static partial class Log
    {
        [LoggerMessage(301, LogLevel.Warning, "Request {RequestId} is refused: its body cannot be kept on disk ({Reason})", EventName = "NoSpool")]
        public static partial void NoSpool(ILogger logger, string requestId, string reason);
    }
}
