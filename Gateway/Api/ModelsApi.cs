using System.Text.Json;
using Orrery.Gateway.Authentication;
using Orrery.Gateway.ModelResolution;

namespace Orrery.Gateway.Api;

/// <summary><c>GET /v1/models</c> and <c>/v1/models/{id}</c>, where the id may hold slashes, and the same below <c>/api/v1/ai</c>: what this key may call.</summary>
internal static class ModelsApi
{
    public static void MapModelsApi(this IEndpointRouteBuilder routes)
    {
        var services = routes.ServiceProvider;
        var snapshots = services.GetRequiredService<CurrentSnapshot>();
        var authenticator = services.GetRequiredService<AccessKeyAuthenticator>();
        RequestDelegate list = http => AnswerAsync(http, snapshots, authenticator, static (_, caller) => List(caller));
        RequestDelegate one = http => AnswerAsync(http, snapshots, authenticator, One);
        foreach (var prefix in (ReadOnlySpan<string>)["/v1", "/api/v1/ai"])
        {
            routes.Map(prefix + "/models", list);
            routes.Map(prefix + "/models/{**id}", one);
        }
    }

    private static async Task AnswerAsync(
        HttpContext http, CurrentSnapshot snapshots, AccessKeyAuthenticator authenticator, Func<HttpContext, Caller, (Action<Utf8JsonWriter>? Answer, Refusal? Refusal)> handle)
    {
        if (!HttpMethods.IsGet(http.Request.Method) || http.Request.Headers.Upgrade.Count > 0)
        {
            await OpenAiErrors.WriteAsync(http, UnknownRoutes.WrongMethod(http, "GET"));
            return;
        }

        var (caller, refusal) = authenticator.Authenticate(http, snapshots.Value);
        (var answer, refusal) = caller is null ? (null, refusal) : handle(http, caller);
        if (refusal is not null)
        {
            await OpenAiErrors.WriteAsync(http, refusal);
            return;
        }

        http.Response.ContentType = "application/json";
        await using (var json = new Utf8JsonWriter(http.Response.BodyWriter))
        {
            answer?.Invoke(json);
        }

        await http.Response.BodyWriter.FlushAsync(http.RequestAborted);
    }

    private static (Action<Utf8JsonWriter>? Answer, Refusal? Refusal) List(Caller caller) => (json =>
    {
        json.WriteStartObject();
        json.WriteString("object", "list");
        json.WriteStartArray("data");
        foreach (var model in caller.Models.Listed.Where(caller.MaySee))
        {
            Write(json, model.Id, model);
        }

        foreach (var (name, target) in caller.Models.RouteNames.Where(entry => caller.MayCall(entry.Name) && !(caller.IsExternal && entry.Target.IsInternal)))
        {
            Write(json, name, target);
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }, null);

    private static (Action<Utf8JsonWriter>? Answer, Refusal? Refusal) One(HttpContext http, Caller caller)
    {
        // Routing leaves an escaped slash as it is, and clients escape the slashes of ids.
        var id = (http.Request.RouteValues["id"] as string ?? "").Replace("%2F", "/", StringComparison.OrdinalIgnoreCase);
        if (ModelResolver.Find(caller.Models, id) is var (model, _) && caller.MaySee(model))
        {
            return (json => Write(json, model.Id, model), null);
        }

        var named = caller.Models.RouteNames.FirstOrDefault(entry => entry.Name == id);
        return named.Target is not null && caller.MayCall(id)
            ? (json => Write(json, id, named.Target), null)
            : (null, ModelResolver.NotFound(caller, id));
    }

    private static void Write(Utf8JsonWriter json, string id, ServedModel model)
    {
        json.WriteStartObject();
        json.WriteString("id", id);
        json.WriteString("object", "model");
        json.WriteNumber("created", model.Spec.Created);
        json.WriteString("owned_by", model.Plan.Candidates.Count > 0 ? model.Plan.Candidates[0].Provider.Name : "orrery");
        json.WriteString("model_type", model.Spec.ModelType);
        if (model.Spec.ContextWindow is { } contextWindow)
        {
            json.WriteNumber("context_window", contextWindow);
        }

        json.WriteEndObject();
    }
}
