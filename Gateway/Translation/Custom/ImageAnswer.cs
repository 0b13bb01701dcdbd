using System.Buffers;
using System.Text.Json;
using Orrery.Contracts.Transforms;
using Orrery.Expressions;
using Orrery.Gateway.Api;
using Orrery.Gateway.Routing;
using Orrery.Gateway.Sending;

namespace Orrery.Gateway.Translation.Custom;

/// <summary>Images, each a URL, a <c>data:</c> URL or base64 → OpenAI's list of images. A URL is passed on and never fetched.</summary>
internal static class ImageAnswer
{
    private const string Expected = "a text, a list of texts, or maps of url, b64_json and revised_prompt";

    public static SendError? Write(Exchange exchange, Candidate candidate, CompiledOperation operation, in Value body, in Value usage, IBufferWriter<byte> output)
    {
        var results = new ResultReader();
        var counted = results.OwnUsage(usage);
        var images = body;
        if (body.Kind == ValueKind.Map && body.AsMap().TryGet("images", out var listed))
        {
            results.Require(body.AsMap(), ResultKeys.Images, "a map");
            counted ??= results.Usage(ResultReader.Of(body.AsMap(), "usage"));
            images = listed;
        }

        List<Value> all = images.Kind == ValueKind.List ? [.. Enumerable.Range(0, images.AsList().Count).Select(images.AsList().At)] : [images];
        using var json = new Utf8JsonWriter(output, OpenAiErrors.Readable);
        json.WriteStartObject();
        json.WriteNumber("created", exchange.StartedAt.ToUnixTimeSeconds());
        json.WriteStartArray("data");
        foreach (var image in all)
        {
            WriteImage(ref results, json, image);
        }

        json.WriteEndArray();
        if (results.Fault is null && all.Count == 0)
        {
            results.Fail("gives no image");
        }

        if (results.Fault is { } fault)
        {
            return TransformFault.OfAnswer(candidate, operation, fault);
        }

        if (TokenBooks.CountPrompt(exchange, candidate, counted) is { } told)
        {
            json.WriteStartObject("usage");
            json.WriteNumber("input_tokens", told.Prompt);
            json.WriteNumber("output_tokens", told.Completion);
            json.WriteNumber("total_tokens", told.Total);
            json.WriteStartObject("input_tokens_details");
            json.WriteNumber("text_tokens", told.Prompt);
            json.WriteNumber("image_tokens", 0);
            json.WriteEndObject();
            json.WriteEndObject();
        }

        json.WriteEndObject();
        return null;
    }

    private static Value At(this ListValue list, int index) => list[index];

    private static void WriteImage(ref ResultReader results, Utf8JsonWriter json, in Value image)
    {
        json.WriteStartObject();
        if (image.Kind == ValueKind.Map)
        {
            var map = image.AsMap();
            results.Require(map, ResultKeys.Image, "an image");
            var (url, base64) = (results.Text(map, "url"), results.Text(map, "b64_json"));
            if (url is null == base64 is null)
            {
                results.Fail("gives an image with both or neither of url and b64_json; expected one");
            }

            Write(json, "url", url);
            Write(json, "b64_json", base64);
            Write(json, "revised_prompt", results.Text(map, "revised_prompt"));
        }
        else if (image.Kind == ValueKind.String)
        {
            WriteText(json, image.AsString());
        }
        else
        {
            results.Fail($"gives {ResultReader.Name(image)}; expected {Expected}");
        }

        json.WriteEndObject();
    }

    private static void WriteText(Utf8JsonWriter json, string text)
    {
        const string base64 = ";base64,";
        if (text.StartsWith("http://", StringComparison.OrdinalIgnoreCase) || text.StartsWith("https://", StringComparison.OrdinalIgnoreCase))
        {
            json.WriteString("url", text);
            return;
        }

        var data = text.StartsWith("data:", StringComparison.OrdinalIgnoreCase) ? text.IndexOf(base64, StringComparison.OrdinalIgnoreCase) : -1;
        json.WriteString("b64_json", data < 0 ? text : text.AsSpan(data + base64.Length));
    }

    private static void Write(Utf8JsonWriter json, string name, string? text)
    {
        if (text is not null)
        {
            json.WriteString(name, text);
        }
    }
}
