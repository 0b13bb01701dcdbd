using System.Text.Json;
using Orrery.Gateway.Intake;
using Orrery.Gateway.Sending;

namespace Orrery.Gateway.Translation.Anthropic;

/// <summary><c>thinking</c>, <c>reasoning_effort</c> and <c>response_format</c> → <c>thinking</c> and <c>output_config</c>.</summary>
internal static class OutputFields
{
    public static SendError? Write(MessagesRequest request, ThinkingWish thinking)
    {
        var schema = default(ByteRange);
        if (request.Fields[ChatField.ResponseFormat].IsPresent && ReadFormat(request, out schema) is { } refused)
        {
            return refused;
        }

        var json = request.Json;
        if (request.Fields[ChatField.Thinking] is { IsPresent: true } own)
        {
            request.WriteRaw("thinking"u8, own);
        }
        else if (thinking.Kind is { } kind)
        {
            json.WriteStartObject("thinking"u8);
            json.WriteString("type"u8, kind);
            if (thinking.Budget > 0)
            {
                json.WriteNumber("budget_tokens"u8, thinking.Budget);
            }

            json.WriteEndObject();
        }

        if (request.Fields[ChatField.OutputConfig] is { IsPresent: true } config)
        {
            request.WriteRaw("output_config"u8, config);
            return !schema.IsPresent && thinking.Effort is null
                ? null
                : request.Refuse("output_config", "'output_config' stands beside 'response_format' or 'reasoning_effort', which say the same in other words; expected one or the other.");
        }

        if (schema.IsPresent || thinking.Effort is not null)
        {
            json.WriteStartObject("output_config"u8);
            if (thinking.Effort is { } effort)
            {
                json.WriteString("effort"u8, effort);
            }

            if (schema.IsPresent)
            {
                json.WriteStartObject("format"u8);
                json.WriteString("type"u8, "json_schema"u8);
                request.WriteRaw("schema"u8, schema);
                json.WriteEndObject();
            }

            json.WriteEndObject();
        }

        return null;
    }

    private static SendError? ReadFormat(MessagesRequest request, out ByteRange schema)
    {
        schema = default;
        var (type, format) = (default(ByteRange), default(ByteRange));
        var whole = request.Fields[ChatField.ResponseFormat];
        if (!JsonBytes.IsObject(whole.In(request.Body)))
        {
            return request.Wrong("response_format", whole, "an object such as {\"type\": \"json_schema\", …}");
        }

        var reader = JsonBytes.Reader(whole.In(request.Body));
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("type"u8))
            {
                type = JsonBytes.ReadValue(ref reader, whole.Start);
            }
            else if (reader.ValueTextEquals("json_schema"u8))
            {
                format = JsonBytes.ReadValue(ref reader, whole.Start);
            }
            else
            {
                reader.Skip();
            }
        }

        var said = type.In(request.Body);
        if (JsonBytes.Says(said, "text"u8))
        {
            return null;
        }

        if (!JsonBytes.Says(said, "json_schema"u8))
        {
            return request.Refuse(
                "response_format.type",
                $"'response_format.type' is {(type.IsPresent ? JsonBytes.Show(said) : "missing")}; this model's provider takes text or json_schema. Send a schema, or ask for JSON in the prompt.");
        }

        schema = JsonBytes.IsObject(format.In(request.Body)) ? FindSchema(request, format) : default;
        return JsonBytes.IsObject(schema.In(request.Body)) ? null : request.Wrong("response_format.json_schema.schema", schema, "a JSON Schema");
    }

    private static ByteRange FindSchema(MessagesRequest request, ByteRange format)
    {
        var reader = JsonBytes.Reader(format.In(request.Body));
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("schema"u8))
            {
                return JsonBytes.ReadValue(ref reader, format.Start);
            }

            reader.Skip();
        }

        return default;
    }
}
