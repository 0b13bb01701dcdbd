using Microsoft.Net.Http.Headers;
using Orrery.Catalogue.Documents;

namespace Orrery.Catalogue.Api;

/// <summary>Reads a request's documents; their size is bounded by the server (<see cref="DocumentLimits.MaxBytes"/>).</summary>
internal static class RequestBody
{
    public static async Task<byte[]> ReadAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        if (request.Headers.ContentEncoding.ToString() is not ("" or "identity"))
        {
            throw new BadHttpRequestException(
                $"Content-Encoding is '{request.Headers.ContentEncoding}'; send the body as it is.", StatusCodes.Status415UnsupportedMediaType);
        }

        using var buffer = new MemoryStream();
        await request.Body.CopyToAsync(buffer, cancellationToken);
        return buffer.ToArray();
    }

    /// <summary>The documents, or the refusal that names everything wrong in them.</summary>
    public static async Task<(IReadOnlyList<DeclaredResource> Documents, Refusal? Refusal)> ReadDocumentsAsync(
        HttpRequest request, DocumentContext context, CancellationToken cancellationToken)
    {
        var body = await ReadAsync(request, cancellationToken);
        var errors = new FieldErrorList();
        var documents = DocumentReader.Read(body, IsJson(request), context, errors);
        return (documents, errors.Any ? Refusal.Fields(errors.All) : null);
    }

    public static bool IsJson(HttpRequest request) =>
        MediaTypeHeaderValue.TryParse(request.ContentType, out var type)
        && (type.MediaType.Equals("application/json", StringComparison.OrdinalIgnoreCase) || type.Suffix.Equals("json", StringComparison.OrdinalIgnoreCase));
}
