using Orrery.Simulator.Text;

namespace Orrery.Simulator.Api;

internal static class TokenizeApi
{
    public static void MapTokenizeApi(this IEndpointRouteBuilder routes)
    {
        routes.MapPost("/tokenize", Admission.Post(TokenizeAsync));
        routes.MapPost("/detokenize", Admission.Post(DetokenizeAsync));
    }

    private static async Task TokenizeAsync(Call call)
    {
        var body = call.Body;
        var id = body.Text("model") ?? call.Replica.Models[0].Id;
        if (!call.Replica.TryFind(id, out var model))
        {
            await call.RefuseAsync(Refusal.NoModel(id));
            return;
        }

        var tokens = body.Any("messages") is not null
            ? ChatTemplate.Render(
                ChatMessages.Read(body, model.SeesImages), ChatTools.Read(body).All,
                body.Flag("add_generation_prompt", otherwise: true), body.Flag("continue_final_message"))
            : Tokenizer.Encode(RequiredPrompt(body));
        var withTexts = body.Flag("return_token_strs");
        if (body.Refusal is { } refusal)
        {
            await call.RefuseAsync(refusal);
            return;
        }

        await AnswerSender.WriteAsync(call.Http, json =>
        {
            json.WriteStartObject();
            json.WriteNumber("count"u8, tokens.Length);
            json.WriteNumber("max_model_len"u8, model.ContextWindow);
            json.WriteStartArray("tokens"u8);
            Array.ForEach(tokens, json.WriteNumberValue);
            json.WriteEndArray();
            json.WritePropertyName("token_strs"u8);
            if (withTexts)
            {
                json.WriteStartArray();
                Array.ForEach(tokens, token => json.WriteStringValue(Tokenizer.Decode(token)));
                json.WriteEndArray();
            }
            else
            {
                json.WriteNullValue();
            }

            json.WriteEndObject();
        });
    }

    private static string RequiredPrompt(Fields body)
    {
        if (body.Any("prompt") is null)
        {
            body.Fault("prompt", "a string, or messages beside it; both are missing");
        }

        return body.Text("prompt") ?? "";
    }

    private static async Task DetokenizeAsync(Call call)
    {
        var body = call.Body;
        var list = body.Array("tokens");
        if (list is null)
        {
            body.Fault("tokens", "a list of token ids; the field is missing");
        }

        var tokens = list is { } array ? CompletionPrompts.ReadIds(body, "tokens", array) : null;
        if (body.Refusal is { } refusal)
        {
            await call.RefuseAsync(refusal);
            return;
        }

        await AnswerSender.WriteAsync(call.Http, json =>
        {
            json.WriteStartObject();
            json.WriteString("prompt"u8, Tokenizer.Decode(tokens));
            json.WriteEndObject();
        });
    }
}
