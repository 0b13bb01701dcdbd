using System.Text.Json;
using Orrery.Simulator.Replicas;

namespace Orrery.Simulator.Api;

/// <summary>What a server says of itself: models, health, version.</summary>
internal static class ModelsApi
{
    public const string OwnedBy = "orrery-simulator";

    public static void MapModelsApi(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/v1/models", Admission.Get(ListAsync));
        routes.MapGet("/health", Admission.Get(Health));
        routes.MapGet("/version", Admission.Get(VersionAsync));
    }

    private static Task ListAsync(HttpContext http, Replica replica) => AnswerSender.WriteAsync(http, json =>
    {
        json.WriteStartObject();
        json.WriteString("object"u8, "list"u8);
        json.WriteStartArray("data"u8);
        foreach (var model in replica.Models)
        {
            json.WriteStartObject();
            json.WriteString("id"u8, model.Id);
            json.WriteString("object"u8, "model"u8);
            json.WriteNumber("created"u8, replica.StartedAt.ToUnixTimeSeconds());
            json.WriteString("owned_by"u8, OwnedBy);
            json.WriteString("root"u8, model.Root);
            json.WriteString("parent"u8, model.Parent);
            WriteLength(json, model);
            json.WriteStartArray("permission"u8);
            json.WriteEndArray();
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    });

    /// <summary>vLLM tells it of the models alone, and <c>null</c> of adapters.</summary>
    private static void WriteLength(Utf8JsonWriter json, SimulatedModel model)
    {
        if (model.Parent is null)
        {
            json.WriteNumber("max_model_len"u8, model.ContextWindow);
        }
        else
        {
            json.WriteNull("max_model_len"u8);
        }
    }

    private static Task Health(HttpContext http, Replica replica)
    {
        http.Response.StatusCode = replica.Unready > TimeSpan.Zero ? StatusCodes.Status503ServiceUnavailable : StatusCodes.Status200OK;
        return Task.CompletedTask;
    }

    private static Task VersionAsync(HttpContext http, Replica replica) => AnswerSender.WriteAsync(http, json =>
    {
        json.WriteStartObject();
        json.WriteString("version"u8, $"simulated-{typeof(ModelsApi).Assembly.GetName().Version?.ToString(3)}");
        json.WriteEndObject();
    });
}
