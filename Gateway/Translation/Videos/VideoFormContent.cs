using System.Buffers;
using System.Buffers.Text;
using System.Net;
using System.Text;
using System.Text.Json;
using Orrery.Gateway.Intake;

namespace Orrery.Gateway.Translation.Videos;

/// <summary>A form as JSON: its fields, and its file as a data URL in <c>input_reference.image_url</c>. The file is read and encoded piece by piece while it is sent, and its length is said before: many servers take nothing else.</summary>
internal sealed class VideoFormContent : HttpContent
{
    /// <summary>A multiple of three, so that pieces of base64 make a whole.</summary>
    private const int PieceSize = 48 << 10;

    private static readonly byte[] Begin = ",\"input_reference\":{\"image_url\":\"data:"u8.ToArray();
    private static readonly byte[] End = "\"}}"u8.ToArray();
    private readonly FormBody _form;
    private readonly FilePart? _file;
    private readonly byte[] _type;
    private readonly ReadOnlyMemory<byte> _fields;

    public VideoFormContent(FormBody form, Action<Utf8JsonWriter> writeFields)
    {
        (_form, _file) = (form, form.Files.Count > 0 ? form.Files[0] : null);
        _type = Encoding.ASCII.GetBytes((_file?.MediaType ?? MediaTypes.Unknown) + ";base64,");
        var bytes = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(bytes))
        {
            json.WriteStartObject();
            writeFields(json);
            json.WriteEndObject();
        }

        _fields = bytes.WrittenMemory;
        Headers.TryAddWithoutValidation("Content-Type", "application/json");
    }

    protected override bool TryComputeLength(out long length)
    {
        length = _file is { } file ? _fields.Length - 1 + Begin.Length + _type.Length + (((file.Length + 2) / 3) * 4) + End.Length : _fields.Length;
        return true;
    }

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        if (_file is not { } file)
        {
            await stream.WriteAsync(_fields, cancellationToken);
            return;
        }

        await stream.WriteAsync(_fields[..^1], cancellationToken);
        await stream.WriteAsync(Begin, cancellationToken);
        await stream.WriteAsync(_type, cancellationToken);
        var piece = new MemoryStream(PieceSize);
        var encoded = new byte[Base64.GetMaxEncodedToUtf8Length(PieceSize)];
        for (var at = file.Start; at < file.End; at += PieceSize)
        {
            piece.SetLength(0);
            await _form.CopyToAsync(piece, at, Math.Min(at + PieceSize, file.End), cancellationToken);
            Base64.EncodeToUtf8(piece.GetBuffer().AsSpan(0, (int)piece.Length), encoded, out _, out var written);
            await stream.WriteAsync(encoded.AsMemory(0, written), cancellationToken);
        }

        await stream.WriteAsync(End, cancellationToken);
    }
}
