using System.Buffers;
using System.Buffers.Text;
using System.Net;
using System.Text.Json;
using Orrery.Gateway.Intake;

namespace Orrery.Gateway.Translation.Videos;

/// <summary>A form as JSON: its fields, and its file as a data URL in <c>input_reference.image_url</c>. The file is read and encoded piece by piece while it is sent.</summary>
internal sealed class VideoFormContent : HttpContent
{
    /// <summary>A multiple of three, so that pieces of base64 make a whole.</summary>
    private const int PieceSize = 48 << 10;

    private static readonly byte[] Begin = ",\"input_reference\":{\"image_url\":\"data:"u8.ToArray();
    private static readonly byte[] End = "\"}}"u8.ToArray();
    private readonly FormBody _form;
    private readonly FilePart? _file;
    private readonly ReadOnlyMemory<byte> _fields;

    public VideoFormContent(FormBody form, Action<Utf8JsonWriter> writeFields)
    {
        (_form, _file) = (form, form.Files.Count > 0 ? form.Files[0] : null);
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

    /// <remarks>With a file, its type is known only when its first bytes are read.</remarks>
    protected override bool TryComputeLength(out long length)
    {
        length = _fields.Length;
        return _file is null;
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
        var piece = new MemoryStream(PieceSize);
        var encoded = new byte[Base64.GetMaxEncodedToUtf8Length(PieceSize)];
        for (var at = file.Start; at < file.End || at == file.Start; at += PieceSize)
        {
            piece.SetLength(0);
            await _form.CopyToAsync(piece, at, Math.Min(at + PieceSize, file.End), cancellationToken);
            if (at == file.Start)
            {
                await stream.WriteAsync(TypeOf(piece.GetBuffer().AsSpan(0, (int)piece.Length)), cancellationToken);
            }

            Base64.EncodeToUtf8(piece.GetBuffer().AsSpan(0, (int)piece.Length), encoded, out _, out var written);
            await stream.WriteAsync(encoded.AsMemory(0, written), cancellationToken);
        }

        await stream.WriteAsync(End, cancellationToken);
    }

    /// <summary>A picture's type by its first bytes.</summary>
    private static byte[] TypeOf(ReadOnlySpan<byte> bytes) =>
        bytes.Length > 4 && bytes[1..4].SequenceEqual("PNG"u8) ? "image/png;base64,"u8.ToArray()
        : bytes.Length > 2 && bytes[0] == 0xFF && bytes[1] == 0xD8 ? "image/jpeg;base64,"u8.ToArray()
        : bytes.Length > 12 && bytes[8..12].SequenceEqual("WEBP"u8) ? "image/webp;base64,"u8.ToArray()
        : bytes.Length > 8 && bytes[4..8].SequenceEqual("ftyp"u8) ? "video/mp4;base64,"u8.ToArray()
        : "application/octet-stream;base64,"u8.ToArray();
}
