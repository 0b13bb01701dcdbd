using System.Buffers;
using System.Net;
using System.Text;
using Orrery.Gateway.Intake;

namespace Orrery.Gateway.Translation;

/// <summary>A form as it came, but for its part <c>model</c>, which names the engine's own id.</summary>
internal sealed class FormContent : HttpContent
{
    /// <summary>What a boundary may hold without quotation marks around it.</summary>
    private static readonly SearchValues<char> Token = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.+'");

    private static readonly byte[] End = "\r\n"u8.ToArray();
    private readonly FormBody _form;
    private readonly byte[] _modelPart;

    public FormContent(FormBody form, string upstreamId)
    {
        _form = form;
        _modelPart = Encoding.UTF8.GetBytes("Content-Disposition: form-data; name=\"model\"\r\n\r\n" + upstreamId);
        var boundary = form.Boundary.AsSpan().ContainsAnyExcept(Token) ? $"\"{form.Boundary}\"" : form.Boundary;
        Headers.TryAddWithoutValidation("Content-Type", "multipart/form-data; boundary=" + boundary);
    }

    protected override bool TryComputeLength(out long length)
    {
        length = _form.Length - (_form.ModelPart.End - _form.ModelPart.Start) + _modelPart.Length + End.Length;
        return true;
    }

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        await _form.CopyToAsync(stream, 0, _form.ModelPart.Start, cancellationToken);
        await stream.WriteAsync(_modelPart, cancellationToken);
        await _form.CopyToAsync(stream, _form.ModelPart.End, _form.Length, cancellationToken);
        await stream.WriteAsync(End, cancellationToken);
    }
}
