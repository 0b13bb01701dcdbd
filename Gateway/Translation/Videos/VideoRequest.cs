using System.Text.Json;
using Orrery.Contracts;
using Orrery.Gateway.Intake;
using Orrery.Gateway.Routing;
using Orrery.Gateway.Sending;

namespace Orrery.Gateway.Translation.Videos;

/// <summary>A request for a video in an engine's words. Servers of OpenAI's API get it as it came; video engines get JSON, with <c>duration</c> for <c>seconds</c> and <c>resolution</c> for <c>size</c>.</summary>
internal static class VideoRequest
{
    /// <summary>Of a provider that says nothing of videos.</summary>
    public static readonly VideosSpec Usual = new();

    private const string Reference = "input_reference";

    /// <summary>Fields that are numbers to engines, and texts in forms.</summary>
    private static readonly string[] Numbers = ["fps", "num_frames", "seed", "guidance_scale", "num_inference_steps"];

    /// <summary>Whether the engine's API has videos, or may have.</summary>
    public static bool IsServedBy(SnapshotProvider provider) => provider is
        not { Engine: Engines.Anthropic or Engines.Gemini } and not { Engine: Engines.AzureOpenAi, ApiVersion: not null } and not { Engine: Engines.Custom, Videos: null };

    public static bool IsTranslatedFor(SnapshotProvider provider) => provider.Engine is Engines.VideoEngine or Engines.Custom;

    public static HttpContent? Translate(Exchange exchange, Candidate candidate, BodyTranslation translation, out SendError? error)
    {
        if (exchange.Call.Form is not { } form)
        {
            return translation.Translate(exchange, candidate, body => WriteJson(exchange.Call, candidate, body), out error);
        }

        error = form.Files switch
        {
            [] or [{ Name: Reference }] => null,
            [{ Name: var name }] => Untranslatable(candidate, name, $"The provider '{candidate.Provider.Name}' (engine {candidate.Provider.Spec.Engine}) takes a file as '{Reference}' only, not as '{Shown.Of(name)}'."),
            _ => Untranslatable(candidate, Reference, $"The provider '{candidate.Provider.Name}' (engine {candidate.Provider.Spec.Engine}) takes one file; the form has {form.Files.Count}."),
        };
        return error is null ? new VideoFormContent(form, json => WriteFields(form, exchange.Call.Video!, candidate, json)) : null;
    }

    private static SendError? WriteJson(Call call, Candidate candidate, HeldBytes body)
    {
        using var document = JsonDocument.Parse(call.Body, new JsonDocumentOptions { MaxDepth = call.MaxDepth });
        using var json = new Utf8JsonWriter(body);
        json.WriteStartObject();
        json.WriteString("model", candidate.UpstreamId);
        foreach (var field in document.RootElement.EnumerateObject())
        {
            switch (field.Name)
            {
                case "model" or "models" or "routing":
                    break;
                case "seconds" or "duration" or "size" or "resolution":
                    break;
                default:
                    field.WriteTo(json);
                    break;
            }
        }

        WriteWish(json, call.Video!);
        json.WriteEndObject();
        return null;
    }

    private static void WriteFields(FormBody form, VideoWish wish, Candidate candidate, Utf8JsonWriter json)
    {
        json.WriteString("model", candidate.UpstreamId);
        WriteWish(json, wish);
        foreach (var (name, text) in form.Fields)
        {
            if (name is "seconds" or "duration" or "size" or "resolution")
            {
                continue;
            }

            if (name.StartsWith(Reference + "[", StringComparison.Ordinal) && name.EndsWith(']'))
            {
                json.WriteStartObject(Reference);
                json.WriteString(name[(Reference.Length + 1)..^1], text);
                json.WriteEndObject();
            }
            else if (Numbers.Contains(name) && IsNumber(text))
            {
                json.WritePropertyName(name);
                json.WriteRawValue(text);
            }
            else
            {
                json.WriteString(name, text);
            }
        }
    }

    private static void WriteWish(Utf8JsonWriter json, VideoWish wish)
    {
        if (wish.Seconds is { } seconds)
        {
            json.WritePropertyName("duration");
            json.WriteRawValue(seconds);
        }

        if (wish.Size is { } size)
        {
            json.WriteString("resolution", size);
        }
    }

    private static bool IsNumber(string text)
    {
        try
        {
            using var value = JsonDocument.Parse(text);
            return value.RootElement.ValueKind == JsonValueKind.Number;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private static SendError Untranslatable(Candidate candidate, string param, string message) =>
        SendError.Of(candidate, SendErrorKind.Untranslatable, message) with { Status = StatusCodes.Status400BadRequest, Code = "unsupported_parameter", Param = param };
}
