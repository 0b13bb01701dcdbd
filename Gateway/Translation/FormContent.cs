using System.Buffers;
using System.Net;
using System.Text;
using Orrery.Gateway.Intake;

namespace Orrery.Gateway.Translation;

/// <summary>A form as it came, but for its part <c>model</c>, which names the engine's own id, and without what it says to us alone.</summary>
internal sealed class FormContent : HttpContent
{
    /// <summary>What a boundary may hold without quotation marks around it.</summary>
    private static readonly SearchValues<char> Token = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.+'");

    private static readonly byte[] End = "\r\n"u8.ToArray();
    private readonly FormBody _form;
    private readonly (long Start, long End, byte[] Instead)[] _edits;

    public FormContent(FormBody form, string upstreamId)
    {
        _form = form;
        var model = Encoding.UTF8.GetBytes("Content-Disposition: form-data; name=\"model\"\r\n\r\n" + upstreamId);
        _edits = [.. form.Removals.Select(range => (range.Start, range.End, Array.Empty<byte>())).Append((form.ModelPart.Start, form.ModelPart.End, model)).OrderBy(edit => edit.Start)];
        var boundary = form.Boundary.AsSpan().ContainsAnyExcept(Token) ? $"\"{form.Boundary}\"" : form.Boundary;
        Headers.TryAddWithoutValidation("Content-Type", "multipart/form-data; boundary=" + boundary);
    }

    protected override bool TryComputeLength(out long length)
    {
        length = _form.Length + _edits.Sum(edit => edit.Instead.Length - (edit.End - edit.Start)) + End.Length;
        return true;
    }

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        var done = 0L;
        foreach (var (start, end, instead) in _edits)
        {
            await _form.CopyToAsync(stream, done, start, cancellationToken);
            await stream.WriteAsync(instead, cancellationToken);
            done = end;
        }

        await _form.CopyToAsync(stream, done, _form.Length, cancellationToken);
        await stream.WriteAsync(End, cancellationToken);
    }
}
