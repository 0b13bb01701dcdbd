using System.Buffers;
using System.Text.Json;
using Orrery.Gateway.Api;
using Orrery.Gateway.Intake;
using Orrery.Gateway.Routing;
using Orrery.Gateway.Sending;

namespace Orrery.Gateway.Translation.Anthropic;

/// <summary>
/// One chat request on its way into the words of <c>POST /v1/messages</c>. What cannot be said there is refused by name; what is
/// only a hint is left out; what is not known is passed on as it is.
/// </summary>
internal sealed class MessagesRequest(Exchange exchange, Candidate candidate, Utf8JsonWriter json)
{
    private static readonly JsonWriterOptions WriterOptions = OpenAiErrors.Readable with { SkipValidation = true };

    private readonly ReadOnlyMemory<byte> _body = exchange.Call.Body;

    public Utf8JsonWriter Json { get; } = json;

    public ReadOnlySpan<byte> Body => _body.Span;

    public ChatFields Fields { get; } = ChatFields.Read(exchange.Call.Body.Span);

    public static SendError? Write(Exchange exchange, Candidate candidate, IBufferWriter<byte> output)
    {
        using var json = new Utf8JsonWriter(output, WriterOptions);
        try
        {
            var error = new MessagesRequest(exchange, candidate, json).Write();
            json.Flush();
            return error;
        }
        catch (InvalidOperationException)
        {
            // Utf8JsonReader's way to say that a string has half a surrogate pair.
            return new SendError(SendErrorKind.Untranslatable, candidate.Provider.Name, "The body has a string with half a surrogate pair (such as \"\\ud83d\" alone). Send whole characters.")
            {
                Status = StatusCodes.Status400BadRequest,
                Code = "invalid_value",
            };
        }
    }

    public ReadOnlySpan<byte> Value(ChatField field) => Fields[field].In(Body);

    /// <summary>A value as it stands.</summary>
    public void WriteRaw(ByteRange value) => Json.WriteRawValue(value.In(Body), skipInputValidation: true);

    public void WriteRaw(ReadOnlySpan<byte> name, ByteRange value)
    {
        Json.WritePropertyName(name);
        WriteRaw(value);
    }

    /// <summary>The error for something that the Messages API has no words for, or would refuse.</summary>
    /// <param name="message">What is there, what was expected and what to do instead.</param>
    public SendError Refuse(string param, string message, string code = "unsupported_value") =>
        new(SendErrorKind.Untranslatable, candidate.Provider.Name, message)
        {
            Status = StatusCodes.Status400BadRequest,
            Code = code,
            Param = param,
        };

    public SendError Wrong(string param, ByteRange value, string expected) => Refuse(
        param,
        value.IsPresent ? $"'{param}' is {JsonBytes.Show(value.In(Body))}; expected {expected}." : $"'{param}' is missing; expected {expected}.",
        value.IsPresent ? "invalid_value" : "missing_required_parameter");

    private SendError? Write()
    {
        if (Inexpressible.Find(this) is { } refused)
        {
            return refused;
        }

        var thinking = ThinkingWish.Read(this, candidate, out var error);
        if (error is not null)
        {
            return error;
        }

        Json.WriteStartObject();
        Json.WritePropertyName("model"u8);
        Json.WriteRawValue(candidate.UpstreamIdJson, skipInputValidation: true);
        Json.WriteNumber("max_tokens"u8, Math.Min(thinking.MaxTokens, AnswerBound.Of(exchange, candidate) ?? long.MaxValue));
        if (exchange.Call.Stream)
        {
            Json.WriteBoolean("stream"u8, true);
        }

        error = new Conversation(this).Write() ?? ToolFields.Write(this) ?? OutputFields.Write(this, thinking) ?? SamplingFields.Write(this);
        foreach (var (name, value) in Fields.Unknown ?? [])
        {
            Json.WritePropertyName(name);
            WriteRaw(value);
        }

        Json.WriteEndObject();
        return error;
    }
}
