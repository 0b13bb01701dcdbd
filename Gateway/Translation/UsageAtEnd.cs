using System.Buffers;
using System.Text.Json;

namespace Orrery.Gateway.Translation;

/// <summary>Makes of usage that comes with every chunk the one chunk that OpenAI sends at the end: clients that add up what they see would count it many times.</summary>
/// <param name="model">The public id.</param>
internal sealed class UsageAtEnd(string model)
{
    private byte[] _last = [];
    private int _length;

    /// <summary>Keeps a chunk that holds usage in place of the one before.</summary>
    public void Keep(ReadOnlySpan<byte> chunk)
    {
        if (_last.Length < chunk.Length)
        {
            _last = new byte[chunk.Length * 2];
        }

        chunk.CopyTo(_last);
        _length = chunk.Length;
    }

    /// <summary>Writes the event, if there was usage at all; once.</summary>
    public void Write(IBufferWriter<byte> output)
    {
        if (_length == 0)
        {
            return;
        }

        var chunk = new ArrayBufferWriter<byte>(_length);
        if (TryWrite(chunk))
        {
            output.Write("data: "u8);
            output.Write(chunk.WrittenSpan);
            output.Write("\n\n"u8);
        }

        _length = 0;
    }

    /// <returns>Whether the chunk's names can be read.</returns>
    private bool TryWrite(IBufferWriter<byte> output)
    {
        try
        {
            WriteChunk(output);
            return true;
        }
        catch (Exception error) when (AnswerScan.IsBadJson(error))
        {
            return false;
        }
    }

    private void WriteChunk(IBufferWriter<byte> output)
    {
        using var document = JsonDocument.Parse(_last.AsMemory(0, _length));
        using (var json = new Utf8JsonWriter(output, new JsonWriterOptions { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteStartObject();
            foreach (var property in document.RootElement.EnumerateObject())
            {
                switch (property.Name)
                {
                    case "choices":
                        break;
                    case "model":
                        json.WriteString("model", model);
                        break;
                    default:
                        property.WriteTo(json);
                        break;
                }
            }

            json.WriteStartArray("choices");
            json.WriteEndArray();
            json.WriteEndObject();
        }
    }
}
