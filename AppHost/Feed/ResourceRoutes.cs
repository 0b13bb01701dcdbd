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
            await foreach (var change in notifications.WatchAsync(ended.Token))
            {
                if (!change.Snapshot.IsHidden)
                {
                    IReadOnlyList<RunningResource> one = [ResourceDocuments.Of(change, mask)];
                    await http.Response.WriteAsync($"data: {JsonSerializer.Serialize(one, ResourceFeedJson.Default.IReadOnlyListRunningResource)}\n\n", ended.Token);
                    await http.Response.Body.FlushAsync(ended.Token);
                }
            }
        }
        catch (OperationCanceledException) when (ended.IsCancellationRequested)
        {
            // The reader left, or the graph stops.
        }
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
