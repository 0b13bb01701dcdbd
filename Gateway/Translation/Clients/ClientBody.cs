using System.Text.Json;
using System.Text.Unicode;

namespace Orrery.Gateway.Translation.Clients;

/// <summary>A body in a client's protocol as a document over its bytes. Names may stand in an object only once: of two, engine and gateway could take different ones.</summary>
internal static class ClientBody
{
    /// <summary>Reads a body while its document is there.</summary>
    public static ClientReading Read(ReadOnlyMemory<byte> body, int maxDepth, Func<JsonElement, ClientReading> read)
    {
        if (Parse(body, maxDepth, out var document) is { } refusal)
        {
            return new(refusal);
        }

        using (document)
        {
            return Read(document!, read);
        }
    }

    public static ClientReading Read(JsonDocument document, Func<JsonElement, ClientReading> read)
    {
        try
        {
            return read(document.RootElement);
        }
        catch (InvalidOperationException)
        {
            // JsonElement's way to say that a string has half a surrogate pair: a model's, since the body's own were looked through.
            return new(Invalid("What the request goes on from has a text with half a surrogate pair. Send the earlier items again, in whole characters."));
        }
    }

    /// <returns><c>null</c>, and the document; or what is wrong with the body.</returns>
    public static Refusal? Parse(ReadOnlyMemory<byte> body, int maxDepth, out JsonDocument? document)
    {
        document = null;
        if (!Utf8.IsValid(body.Span))
        {
            return Invalid("The body is not valid UTF-8. Send JSON in UTF-8, without a byte order mark.");
        }

        if (HalfCharacters.Find(body.Span, maxDepth) is { } field)
        {
            return Invalid($"'{field}' has half a surrogate pair (such as \"\\ud83d\" alone). Send whole characters.", field);
        }

        try
        {
            document = JsonDocument.Parse(body, new JsonDocumentOptions { MaxDepth = maxDepth, AllowDuplicateProperties = false });
        }
        catch (JsonException error)
        {
            return Invalid(body.IsEmpty ? "The body is empty; expected a JSON object." : $"The body is not valid JSON: {error.Message}");
        }

        if (document.RootElement.ValueKind == JsonValueKind.Object)
        {
            return null;
        }

        var found = document.RootElement.Show();
        document.Dispose();
        document = null;
        return new(StatusCodes.Status400BadRequest, RefusalTypes.InvalidRequest, "invalid_body", $"The body is {found}; expected a JSON object.");
    }

    private static Refusal Invalid(string message, string? param = null) => new(StatusCodes.Status400BadRequest, RefusalTypes.InvalidRequest, "invalid_json", message, param);
}
