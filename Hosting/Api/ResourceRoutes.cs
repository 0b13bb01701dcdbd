using System.Text.Json;
using Aspire.Hosting.ApplicationModel;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Aspire.Hosting;

/// <summary>The routes of <see cref="ResourceApi"/>.</summary>
internal static class ResourceRoutes
{
    public static void Map(
        IEndpointRouteBuilder routes,
        DistributedApplicationModel model,
        ResourceNotificationService notifications,
        ResourceLoggerService loggers,
        ResourceCommandService commands)
    {
        routes.MapGet("/api/resources", () => Json(List(model, notifications), ResourceApiJson.Default.ListResourceDocument));
        routes.MapGet("/api/resources/stream", (HttpContext http) => StreamAsync(http, notifications));
        routes.MapGet("/api/resources/{name}/logs", (HttpContext http, string name, bool? follow) => IsKnown(model, name)
            ? LogsAsync(http, loggers, name, follow ?? false)
            : NotFound(http, name));
        routes.MapPost("/api/resources/{name}/commands/{command}", async (HttpContext http, string name, string command) =>
        {
            var result = await commands.ExecuteCommandAsync(name, command, http.RequestAborted);
            return Json(new CommandDocument(result.Success, result.Message), ResourceApiJson.Default.CommandDocument, result.Success ? 200 : 409);
        });
    }

    private static List<ResourceDocument> List(DistributedApplicationModel model, ResourceNotificationService notifications) =>
    [
        .. model.Resources.SelectMany(InstanceNames.Of)
            .Select(id => notifications.TryGetCurrentState(id, out var state) ? ResourceDocument.Of(state) : null)
            .OfType<ResourceDocument>(),
    ];

    private static IResult Json<T>(T value, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> type, int status = 200) =>
        Results.Json(value, type, statusCode: status);

    private static async Task StreamAsync(HttpContext http, ResourceNotificationService notifications)
    {
        http.Response.ContentType = "text/event-stream";
        await foreach (var change in notifications.WatchAsync(http.RequestAborted))
        {
            var json = JsonSerializer.Serialize(ResourceDocument.Of(change), ResourceApiJson.Default.ResourceDocument);
            await http.Response.WriteAsync($"event: resource\ndata: {json}\n\n", http.RequestAborted);
            await http.Response.Body.FlushAsync(http.RequestAborted);
        }
    }

    private static async Task LogsAsync(HttpContext http, ResourceLoggerService loggers, string name, bool follow)
    {
        http.Response.ContentType = "application/x-ndjson";
        await foreach (var lines in follow ? loggers.FollowAsync(name, http.RequestAborted) : loggers.GetAllAsync(name))
        {
            foreach (var line in lines)
            {
                var json = JsonSerializer.Serialize(new LogDocument(line.LineNumber, line.Content, line.IsErrorMessage), ResourceApiJson.Default.LogDocument);
                await http.Response.WriteAsync(json + "\n", http.RequestAborted);
            }

            await http.Response.Body.FlushAsync(http.RequestAborted);
        }
    }

    private static bool IsKnown(DistributedApplicationModel model, string name) =>
        model.Resources.Any(one => string.Equals(one.Name, name, StringComparison.OrdinalIgnoreCase) || InstanceNames.Of(one).Contains(name, StringComparer.OrdinalIgnoreCase));

    private static Task NotFound(HttpContext http, string name)
    {
        http.Response.StatusCode = StatusCodes.Status404NotFound;
        return http.Response.WriteAsync($"There is no resource '{name}'.", http.RequestAborted);
    }
}
