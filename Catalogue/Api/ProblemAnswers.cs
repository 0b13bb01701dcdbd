using System.Globalization;
using Orrery.Catalogue.Following;

namespace Orrery.Catalogue.Api;

/// <summary>Turns what a handler throws into problem details: bad requests, a database that is away, and our own faults.</summary>
internal sealed partial class ProblemAnswers(RequestDelegate next, ILogger<ProblemAnswers> logger)
{
    private const int RetryAfterSeconds = 1;

    public async Task InvokeAsync(HttpContext context)
    {
        try
        {
            await next(context);
        }
        catch (Exception) when (context.RequestAborted.IsCancellationRequested)
        {
            context.Abort(); // Nobody listens.
        }
        catch (Exception error) when (context.Response.HasStarted)
        {
            // Half of the answer is out: only a broken connection tells the reader that it is not whole.
            context.Abort();
            if (error is not OperationCanceledException)
            {
                Log.Failed(logger, error, context.Request.Method, context.Request.Path);
            }
        }
        catch (BadHttpRequestException error)
        {
            await AnswerAsync(context, new Refusal(error.StatusCode, error.StatusCode == StatusCodes.Status403Forbidden ? "Forbidden" : "Bad request", Describe(error)));
        }
        catch (Exception error) when (DatabaseAway.Is(error))
        {
            Log.DatabaseAway(logger, context.Request.Method, context.Request.Path, error.Message);
            context.Response.Headers.RetryAfter = RetryAfterSeconds.ToString(CultureInfo.InvariantCulture);
            await AnswerAsync(context, new Refusal(
                StatusCodes.Status503ServiceUnavailable, "The database does not answer", "Nothing is known to have been written. Try again in a moment."));
        }
        catch (Exception error)
        {
            Log.Failed(logger, error, context.Request.Method, context.Request.Path);
            await AnswerAsync(context, new Refusal(
                StatusCodes.Status500InternalServerError, "Internal error", $"The Catalogue failed; its log says why under {context.TraceIdentifier}."));
        }
    }

    private static string Describe(BadHttpRequestException error) => error.StatusCode == StatusCodes.Status413PayloadTooLarge
        ? $"The request's body is larger than {Documents.DocumentLimits.MaxBytes} bytes. Split it into several requests."
        : error.Message;

    private static Task AnswerAsync(HttpContext context, Refusal refusal) => Problems.Of(refusal).ExecuteAsync(context);

    private static partial class Log
    {
        [LoggerMessage(2301, LogLevel.Warning, "{Method} {Path}: the database does not answer ({Reason})", EventName = "RequestWithoutDatabase")]
        public static partial void DatabaseAway(ILogger logger, string method, string path, string reason);

        [LoggerMessage(2302, LogLevel.Error, "{Method} {Path} failed", EventName = "RequestFailed")]
        public static partial void Failed(ILogger logger, Exception error, string method, string path);
    }
}
