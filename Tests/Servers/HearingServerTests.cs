using System.Net.Http.Headers;
using System.Text;

namespace Orrery.Tests.Servers;

/// <summary>Speech to text, by every library that hears.</summary>
public sealed class HearingServerTests
{
    private const string Path = "/v1/audio/transcriptions";
    private const string Whisper = "whisper --model Systran/faster-whisper-base --served-model-name w";

    [Theory]
    [InlineData("json", "application/json", """{"text":"transcribe 0 transcribe 1","usage":{"type":"duration","seconds":2}}""")]
    [InlineData("text", "text/plain", "transcribe 0 transcribe 1\n")]
    [InlineData("srt", "application/x-subrip", "1\n00:00:00,000 --> 00:00:01,000\ntranscribe 0\n\n2\n00:00:01,000 --> 00:00:01,500\ntranscribe 1\n")]
    [InlineData("vtt", "text/vtt", "WEBVTT\n\n00:00:00.000 --> 00:00:01.000\ntranscribe 0\n\n00:00:01.000 --> 00:00:01.500\ntranscribe 1\n")]
    public async Task A_transcript_comes_in_each_form(string format, string type, string text)
    {
        await using var server = await ServerProcess.StartAsync(Whisper);
        using var answer = await server.Client.PostAsync(Path, ServerProcess.Form(Tone(1.5), ("model", "w"), ("response_format", format), ("temperature", "0"), ("unknown", "x")));
        Assert.Equal((200, type, text), ((int)answer.StatusCode, answer.Content.Headers.ContentType?.MediaType, await answer.Content.ReadAsStringAsync()));
        Assert.Equal(1.5, await server.MetricAsync("orrery:audio_seconds_total"), 2);
    }

    [Fact]
    public async Task Times_of_words_and_segments_come_as_they_are_asked_for_and_a_translation_is_one()
    {
        await using var server = await ServerProcess.StartAsync(Whisper);
        var both = await ServerProcess.JsonAsync(await server.Client.PostAsync(Path, ServerProcess.Form(
            Tone(0.5), ("response_format", "verbose_json"), ("language", "de"), ("prompt", "Orrery"), ("timestamp_granularities[]", "word"), ("timestamp_granularities[]", "segment"))));
        Assert.Equal(("de", "transcribe 0 Orrery", 0.5), (both.GetProperty("language").GetString(), both.GetProperty("text").GetString(), both.GetProperty("duration").GetDouble()));
        Assert.Equal("""{"word":"Orrery","start":0.0,"end":0.5}""", both.GetProperty("words")[2].GetRawText());
        Assert.Equal(-0.5, both.GetProperty("segments")[0].GetProperty("avg_logprob").GetDouble());
        var segments = await ServerProcess.JsonAsync(await server.Client.PostAsync(Path, ServerProcess.Form(Tone(0.5), ("response_format", "verbose_json"))));
        Assert.False(segments.TryGetProperty("words", out _));
        var translated = await ServerProcess.JsonAsync(await server.Client.PostAsync("/v1/audio/translations", ServerProcess.Form(Tone(0.5))));
        Assert.Equal("translate 0", translated.GetProperty("text").GetString());
    }

    [Theory]
    [InlineData("mp3")]
    [InlineData("flac")]
    [InlineData("ogg")]
    [InlineData("matroska")]
    public async Task A_recording_may_have_any_usual_format(string format)
    {
        await using var server = await ServerProcess.StartAsync(Whisper);
        var heard = await ServerProcess.JsonAsync(await server.Client.PostAsync(Path, ServerProcess.Form(await Sound.SpeechAsync("Hello there.", format))));
        Assert.StartsWith("transcribe 0", heard.GetProperty("text").GetString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("transformers --kind speech-to-text --model distil-whisper/distil-large-v3", "de", "8000 samples None None")]
    [InlineData("transformers --kind speech-to-text --model openai/whisper-large", "de", "8000 samples transcribe de")]
    [InlineData("transformers --kind speech-to-text --model UsefulSensors/moonshine-base", "en", "8000 samples in 3")]
    [InlineData("transformers --kind speech-to-text --model kyutai/stt-2.6b-en-trfs", "en", "12000 samples")]
    [InlineData("transformers --kind speech-to-text --model facebook/seamless-m4t-v2-large", "de", "8000 samples to deu")]
    [InlineData("transformers --kind ctc --model facebook/wav2vec2-large-960h-lv60-self", "en", "8000 SAMPLES AT 16000")]
    [InlineData("custom --kind nemo --model nvidia/canary-1b-v2", "de", "8000 samples de de")]
    [InlineData("custom --kind nemo --model nvidia/parakeet-tdt-0.6b-v3", "en", "8000 samples")]
    [InlineData("custom --kind funasr --model FunAudioLLM/SenseVoiceSmall", "zh", "8000 samples")]
    public async Task Each_library_hears(string command, string language, string text)
    {
        await using var server = await ServerProcess.StartAsync(command);
        var heard = await ServerProcess.JsonAsync(await server.Client.PostAsync(Path, ServerProcess.Form(Tone(0.5), ("language", language))));
        Assert.Equal(text, heard.GetProperty("text").GetString());
    }

    [Fact]
    public async Task A_long_recording_is_heard_in_pieces_that_are_cut_where_it_is_quiet()
    {
        await using var server = await ServerProcess.StartAsync("custom --kind funasr --model FunAudioLLM/SenseVoiceSmall");
        // Quiet from 27 s to 28 s alone: the last third of the first half minute.
        var heard = await ServerProcess.JsonAsync(await server.Client.PostAsync(Path, ServerProcess.Form(Tone(40, quiet: (27, 28)), ("response_format", "verbose_json"))));
        var segments = heard.GetProperty("segments");
        Assert.Equal(2, segments.GetArrayLength());
        Assert.InRange(segments[0].GetProperty("end").GetDouble(), 27, 28);
        Assert.Equal((segments[0].GetProperty("end").GetDouble(), 40), (segments[1].GetProperty("start").GetDouble(), segments[1].GetProperty("end").GetDouble()));
    }

    [Fact]
    public async Task What_is_no_recording_or_cannot_be_meant_is_refused_by_name()
    {
        await using var server = await ServerProcess.StartAsync(Whisper, ("ORRERY_MAX_AUDIO_SECONDS", "3"));
        // A playlist would have ffmpeg read another file.
        var playlist = Encoding.UTF8.GetBytes("#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile:///etc/hostname\n#EXT-X-ENDLIST\n");
        foreach (var (form, status, code, param) in new (HttpContent, int, string, string?)[]
        {
            (ServerProcess.Form("nonsense"u8.ToArray()), 400, "invalid_audio", "file"),
            (ServerProcess.Form([]), 400, "invalid_audio", "file"),
            (ServerProcess.Form(playlist), 400, "invalid_audio", "file"),
            (ServerProcess.Form(Tone(4)), 400, "audio_too_long", "file"),
            (new MultipartFormDataContent { { new StringContent("w"), "model" } }, 400, "missing_required_parameter", "file"),
            (ServerProcess.Form(Tone(1), ("model", "other")), 404, "model_not_found", "model"),
            (ServerProcess.Form(Tone(1), ("response_format", "xml")), 400, "invalid_value", "response_format"),
            (ServerProcess.Form(Tone(1), ("temperature", "hot")), 400, "invalid_type", "temperature"),
            (ServerProcess.Form(Tone(1), ("timestamp_granularities[]", "letter")), 400, "invalid_value", "timestamp_granularities[]"),
            (ServerProcess.Form(Tone(1), ("language", "xx")), 400, "invalid_value", "language"),
            (new StringContent("{}", Encoding.UTF8, "application/json"), 400, "invalid_content_type", null),
            (Broken(), 400, "invalid_form", null),
        })
        {
            using (form)
            {
                var refusal = await ServerProcess.RefusalAsync(await server.Client.PostAsync(Path, form));
                Assert.Equal((status, code, param), (refusal.Status, refusal.Code, refusal.Param));
            }
        }

        await using var english = await ServerProcess.StartAsync("transformers --kind ctc --model facebook/wav2vec2-large");
        Assert.Equal("unsupported_operation", (await ServerProcess.RefusalAsync(await english.Client.PostAsync("/v1/audio/translations", ServerProcess.Form(Tone(1))))).Code);
        Assert.Equal("unsupported_value", (await ServerProcess.RefusalAsync(await english.Client.PostAsync(Path, ServerProcess.Form(Tone(1), ("timestamp_granularities[]", "word"))))).Code);
    }

    /// <summary>A wav of 16,000 samples a second.</summary>
    private static byte[] Tone(double seconds, (int From, int To)? quiet = null)
    {
        const int rate = 16000;
        var count = (int)(seconds * rate);
        using var file = new MemoryStream();
        using var writer = new BinaryWriter(file);
        writer.Write("RIFF"u8);
        writer.Write(36 + (count * 2));
        writer.Write("WAVEfmt "u8);
        writer.Write(16);
        writer.Write((short)1);
        writer.Write((short)1);
        writer.Write(rate);
        writer.Write(rate * 2);
        writer.Write((short)2);
        writer.Write((short)16);
        writer.Write("data"u8);
        writer.Write(count * 2);
        for (var i = 0; i < count; i++)
        {
            var isQuiet = quiet is { } pause && i >= pause.From * rate && i < pause.To * rate;
            writer.Write((short)(isQuiet ? 0 : 8000 * Math.Sin(i * 0.1)));
        }

        return file.ToArray();
    }

    private static ByteArrayContent Broken()
    {
        var content = new ByteArrayContent("--a\r\nthis is no form"u8.ToArray());
        content.Headers.ContentType = MediaTypeHeaderValue.Parse("multipart/form-data");
        return content;
    }
}
