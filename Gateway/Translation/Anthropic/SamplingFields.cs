using System.Globalization;
using System.Text.Json;
using Orrery.Gateway.Sending;

namespace Orrery.Gateway.Translation.Anthropic;

/// <summary><c>temperature</c>, <c>top_p</c>, <c>stop</c>, <c>user</c> and <c>service_tier</c>.</summary>
internal static class SamplingFields
{
    private const double HighestTemperature = 1;

    public static SendError? Write(MessagesRequest request) => WriteSampling(request) ?? WriteStop(request) ?? WriteUser(request);

    /// <remarks>
    /// 1 is what both mean by absent, and some models refuse to be given both: so a 1 is left out. OpenAI's scale goes to 2 and
    /// Anthropic's to 1; what is above is the most that can be had, as in Anthropic's own layer for OpenAI's clients.
    /// </remarks>
    private static SendError? WriteSampling(MessagesRequest request)
    {
        if (request.Fields[ChatField.Temperature].IsPresent)
        {
            if (!TryNumber(request.Value(ChatField.Temperature), out var temperature) || temperature is < 0 or > 2)
            {
                return request.Wrong("temperature", request.Fields[ChatField.Temperature], "a number from 0 to 2");
            }

            if (temperature < HighestTemperature)
            {
                request.WriteRaw("temperature"u8, request.Fields[ChatField.Temperature]);
            }
        }

        if (request.Fields[ChatField.TopP].IsPresent)
        {
            if (!TryNumber(request.Value(ChatField.TopP), out var topP) || topP is < 0 or > 1)
            {
                return request.Wrong("top_p", request.Fields[ChatField.TopP], "a number from 0 to 1");
            }

            if (topP < 1)
            {
                request.WriteRaw("top_p"u8, request.Fields[ChatField.TopP]);
            }
        }

        return null;
    }

    private static SendError? WriteStop(MessagesRequest request)
    {
        var stop = request.Fields[ChatField.Stop];
        if (!stop.IsPresent)
        {
            return null;
        }

        var value = stop.In(request.Body);
        if (JsonBytes.IsString(value))
        {
            request.Json.WriteStartArray("stop_sequences"u8);
            request.WriteRaw(stop);
            request.Json.WriteEndArray();
            return JsonBytes.IsBlank(value) ? Blank(request, "stop", value) : null;
        }

        if (!JsonBytes.IsArray(value))
        {
            return request.Wrong("stop", stop, "a string or an array of strings");
        }

        var reader = JsonBytes.Reader(value);
        reader.Read();
        var i = 0;
        for (; reader.Read() && reader.TokenType != JsonTokenType.EndArray; i++)
        {
            var one = JsonBytes.ReadCurrent(ref reader, stop.Start).In(request.Body);
            if (!JsonBytes.IsString(one))
            {
                return request.Wrong($"stop[{i}]", stop, "a string or an array of strings");
            }

            if (JsonBytes.IsBlank(one))
            {
                return Blank(request, $"stop[{i}]", one);
            }
        }

        if (i > 0)
        {
            request.WriteRaw("stop_sequences"u8, stop);
        }

        return null;
    }

    private static SendError? WriteUser(MessagesRequest request)
    {
        var user = request.Fields[ChatField.SafetyIdentifier] is { IsPresent: true } identifier ? identifier : request.Fields[ChatField.User];
        if (user.IsPresent)
        {
            request.Json.WriteStartObject("metadata"u8);
            request.WriteRaw("user_id"u8, user);
            request.Json.WriteEndObject();
        }

        var tier = request.Value(ChatField.ServiceTier);
        if (JsonBytes.Says(tier, "auto"u8))
        {
            request.Json.WriteString("service_tier"u8, "auto"u8);
        }
        else if (JsonBytes.Says(tier, "default"u8) || JsonBytes.Says(tier, "standard_only"u8))
        {
            request.Json.WriteString("service_tier"u8, "standard_only"u8);
        }

        return null;
    }

    private static SendError Blank(MessagesRequest request, string param, ReadOnlySpan<byte> value) => request.Refuse(
        param, $"'{param}' is {JsonBytes.Show(value)}, which is blank; this model's provider stops at visible text only. Leave it out, or cut the answer yourself.");

    private static bool TryNumber(ReadOnlySpan<byte> value, out double number) =>
        double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out number);
}
