using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Orrery.Contracts;

namespace Orrery.AppHost;

/// <summary>The routes of <see cref="ResourceFeed"/>.</summary>
internal sealed class ResourceRoutes(
    DistributedApplicationModel model,
    SecretMask mask,
    ResourceNotificationService notifications,
    ResourceLoggerService loggers,
    ResourceCommandService commands,
    CancellationToken stopping)
{
    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet(ResourceFeedContract.Stream, StreamAsync);
        routes.MapGet("/resources/{id}/output", OutputAsync);
        routes.MapPost("/resources/{id}/commands/{command}", CommandAsync);
    }

    /// <summary>Everything that is known, then each change, as server-sent events.</summary>
    private async Task StreamAsync(HttpContext http)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted, stopping);
        http.Response.ContentType = "text/event-stream";
        await http.Response.WriteAsync(":\n\n", ended.Token);
        await http.Response.Body.FlushAsync(ended.Token);
        try
        {
            await FollowAsync(http, ended);
        }
        catch (OperationCanceledException) when (ended.IsCancellationRequested)
        {
            // The reader left, or the graph stops.
        }
    }

    private async Task FollowAsync(HttpContext http, CancellationTokenSource ended)
    {
        await using var changes = notifications.WatchAsync(ended.Token).GetAsyncEnumerator(ended.Token);
        var next = changes.MoveNextAsync().AsTask();
        try
        {
            while (await IsThereInTimeAsync(next) is not false and var isThere)
            {
                if (isThere is null)
                {
                    await SayAsync(http, [], ended.Token);
                    continue;
                }

                if (!changes.Current.Snapshot.IsHidden)
                {
                    await SayAsync(http, [ResourceDocuments.Of(changes.Current, mask)], ended.Token);
                }

                next = changes.MoveNextAsync().AsTask();
            }
        }
        finally
        {
            await ended.CancelAsync();
            await ((Task)next).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing); // What still waits cannot be disposed of.
        }
    }

    /// <returns>Whether there is another change; <c>null</c>: not yet.</returns>
    private static async Task<bool?> IsThereInTimeAsync(Task<bool> next)
    {
        try
        {
            return await next.WaitAsync(ResourceFeedContract.Heartbeat);
        }
        catch (TimeoutException)
        {
            return null;
        }
    }

    private static async Task SayAsync(HttpContext http, IReadOnlyList<RunningResource> resources, CancellationToken cancellationToken)
    {
        await http.Response.WriteAsync($"data: {JsonSerializer.Serialize(resources, ResourceFeedJson.Default.IReadOnlyListRunningResource)}\n\n", cancellationToken);
        await http.Response.Body.FlushAsync(cancellationToken);
    }

    /// <summary>What a resource has written, then each new line, as JSON objects a line.</summary>
    private async Task OutputAsync(HttpContext http, string id)
    {
        if (!notifications.TryGetCurrentState(id, out _) && !model.Resources.Any(resource => resource.Name == id))
        {
            http.Response.StatusCode = StatusCodes.Status404NotFound;
            await http.Response.WriteAsync($"There is no resource '{id}'.", http.RequestAborted);
            return;
        }

        using var ended = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted, stopping);
        http.Response.ContentType = "application/x-ndjson";
        await http.Response.StartAsync(ended.Token);
        try
        {
            await foreach (var lines in loggers.WatchAsync(id).WithCancellation(ended.Token))
            {
                foreach (var line in lines)
                {
                    var output = new ResourceOutput(line.LineNumber, mask.Hide(line.Content), line.IsErrorMessage);
                    await http.Response.WriteAsync(JsonSerializer.Serialize(output, ResourceFeedJson.Default.ResourceOutput) + "\n", ended.Token);
                }

                await http.Response.Body.FlushAsync(ended.Token);
            }
        }
        catch (OperationCanceledException) when (ended.IsCancellationRequested)
        {
            // As above.
        }
    }

    private async Task<IResult> CommandAsync(HttpContext http, string id, string command)
    {
        var result = await commands.ExecuteCommandAsync(id, command, http.RequestAborted);
        return Results.Json(
            new ResourceCommandResult(result.Success, result.Message is { } message ? mask.Hide(message) : null), ResourceFeedJson.Default.ResourceCommandResult,
            statusCode: result.Success ? StatusCodes.Status200OK : StatusCodes.Status409Conflict);
    }
}
