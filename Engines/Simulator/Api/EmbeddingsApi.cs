using System.Runtime.InteropServices;
using System.Text.Json;
using Orrery.Simulator.Faults;
using Orrery.Simulator.Replicas;
using Orrery.Simulator.Text;

namespace Orrery.Simulator.Api;

internal static class EmbeddingsApi
{
    public static void MapEmbeddingsApi(this IEndpointRouteBuilder routes) => routes.MapPost("/v1/embeddings", Admission.Post(EmbedAsync));

    private static async Task EmbedAsync(Call call)
    {
        var (model, refusal) = call.FindModel(isEmbedding: true, "Embeddings");
        var request = model is null ? null : Read(call.Body, model);
        if (model is null || request is null)
        {
            await call.RefuseAsync(refusal ?? call.Body.Refusal!);
            return;
        }

        using var generation = Generation.StartPrefill(model, request.Inputs, call.Aborted);
        while (!generation.IsOver)
        {
            if (!await generation.WaitAsync())
            {
                return;
            }
        }

        if (!await AnswerSender.EndsByFaultAsync(call, FirstFault(call.Faults)))
        {
            var time = call.Http.RequestServices.GetRequiredService<TimeProvider>();
            await AnswerSender.WriteAsync(call.Http, json => Write(json, model, request, call.Faults, time));
        }
    }

    /// <summary>An embedding has no tokens to count: a fault "after so many tokens" happens in place of the answer.</summary>
    private static FaultAction FirstFault(FaultPlan faults) =>
        (faults with
        {
            StallAfter = faults.StallAfter * 0,
            CutAfter = faults.CutAfter * 0,
            ErrorAfter = faults.ErrorAfter * 0,
            MalformedAfter = faults.MalformedAfter * 0,
        }).Before(0);

    private sealed record Request(IReadOnlyList<int[]> Inputs, int Dimensions, bool IsBase64);

    private static Request? Read(Fields body, SimulatedModel model)
    {
        var inputs = CompletionPrompts.Read(body, "input");
        var dimensions = body.Integer("dimensions", 1, model.Dimensions) ?? model.Dimensions;
        var encoding = body.Text("encoding_format") ?? "float";
        if (encoding is not ("float" or "base64"))
        {
            body.Fault("encoding_format", "float or base64", body.Any("encoding_format"));
        }

        foreach (var (index, input) in inputs.Index().Where(input => input.Item.Length == 0 || input.Item.Length > model.ContextWindow))
        {
            var name = inputs.Count == 1 ? "input" : $"input[{index}]";
            body.Faults.Add(input.Length == 0
                ? $"{name}: expected at least one token, got none."
                : $"{name}: This model's maximum context length is {model.ContextWindow} tokens. However, you requested {input.Length} tokens "
                    + "in the input for embedding generation. Please reduce the length of the input.");
        }

        return body.Refusal is null ? new Request(inputs, (int)dimensions, encoding == "base64") : null;
    }

    private static void Write(Utf8JsonWriter json, SimulatedModel model, Request request, FaultPlan faults, TimeProvider time)
    {
        json.WriteStartObject();
        json.WriteString("id"u8, Ids.New("embd-", time));
        json.WriteString("object"u8, "list"u8);
        json.WriteNumber("created"u8, time.GetUtcNow().ToUnixTimeSeconds());
        json.WriteString("model"u8, model.Id);
        json.WriteStartArray("data"u8);
        foreach (var (index, input) in request.Inputs.Index())
        {
            json.WriteStartObject();
            json.WriteNumber("index"u8, index);
            json.WriteString("object"u8, "embedding"u8);
            WriteVector(json, Embedding.Of(model.Id, input, request.Dimensions), request.IsBase64);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteString("system_fingerprint"u8, JsonFormat.SystemFingerprint);
        if (!faults.NoUsage)
        {
            new Usage(request.Inputs.Sum(input => input.Length), 0, null).Write(json);
        }

        json.WriteEndObject();
    }

    private static void WriteVector(Utf8JsonWriter json, float[] vector, bool isBase64)
    {
        if (isBase64)
        {
            // Little-endian floats, as numpy writes them on every machine that matters.
            json.WriteBase64String("embedding"u8, MemoryMarshal.AsBytes<float>(vector));
            return;
        }

        json.WriteStartArray("embedding"u8);
        foreach (var value in vector)
        {
            json.WriteNumberValue(value);
        }

        json.WriteEndArray();
    }
}
