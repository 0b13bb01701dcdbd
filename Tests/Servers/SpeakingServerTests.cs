using System.Text.Json;

namespace Orrery.Tests.Servers;

/// <summary>Text to speech, by every family: what comes is a recording of the kind that was asked for, with sound in it.</summary>
public sealed class SpeakingServerTests
{
    private const string Path = "/v1/audio/speech";
    private const string Kokoro = "tts --model hexgrad/Kokoro-82M --served-model-name k --family kokoro";

    [Theory]
    [InlineData("bark", "suno/bark", "v2/en_speaker_6")]
    [InlineData("chatterbox", "ResembleAI/chatterbox", "default")]
    [InlineData("chattts", "2Noise/ChatTTS", "voice-2")]
    [InlineData("dia", "nari-labs/Dia-1.6B", "")]
    [InlineData("f5", "SWivid/F5-TTS", "basic")]
    [InlineData("kokoro", "hexgrad/Kokoro-82M", "af_heart")]
    [InlineData("melo", "myshell-ai/MeloTTS-English", "EN-US")]
    [InlineData("mms", "facebook/mms-tts-eng", "")]
    [InlineData("openvoice", "myshell-ai/OpenVoiceV2", "EN-Newest")]
    [InlineData("orpheus", "canopylabs/orpheus-3b-0.1-ft", "tara")]
    [InlineData("parler", "parler-tts/parler-tts-mini-v1", "Jon")]
    [InlineData("piper", "rhasspy/piper-voices", "en_US-lessac-medium")]
    [InlineData("speecht5", "microsoft/speecht5_tts", "voice-1")]
    [InlineData("xtts", "coqui/XTTS-v2", "Claribel Dervla")]
    [InlineData("zonos", "Zyphra/Zonos-v0.1-transformer", "")]
    public async Task A_family_speaks(string family, string model, string voice)
    {
        await using var server = await ServerProcess.StartAsync($"tts --model {model} --family {family}");
        var voices = await ServerProcess.JsonAsync(await server.Client.GetAsync("/v1/audio/voices"));
        Assert.Equal(voice, voices.GetProperty("default").GetString());
        var (codec, rate, seconds, peak) = await Sound.LookAsync(await SpeakAsync(server, new { input = "Hello there. How are you today?", voice = "alloy", response_format = "wav" }));
        Assert.Equal("pcm_s16le", codec);
        Assert.InRange(rate, 16000, 48000);
        Assert.InRange(seconds, 0.8, 6);
        Assert.InRange(peak, 0.05, 1);
        if (voices.GetProperty("copies").GetBoolean())
        {
            var sample = "data:audio/wav;base64," + Convert.ToBase64String(await Sound.SpeechAsync("This is my voice."));
            var copied = await Sound.LookAsync(await SpeakAsync(server, new { input = "Hello there.", response_format = "wav", ref_audio = sample, ref_text = "This is my voice." }));
            Assert.InRange(copied.Peak, 0.05, 1);
        }
        else
        {
            var refusal = await server.RefusedAsync(Path, new { input = "Hello", ref_audio = "data:audio/wav;base64,AAAA" });
            Assert.Equal((400, "ref_audio"), (refusal.Status, refusal.Param));
        }
    }

    [Fact]
    public async Task A_model_without_voices_wants_a_sample()
    {
        await using var server = await ServerProcess.StartAsync("tts --model FunAudioLLM/CosyVoice2-0.5B --family cosyvoice");
        var refusal = await server.RefusedAsync(Path, new { input = "Hello" });
        Assert.Equal((400, "missing_required_parameter", "ref_audio"), (refusal.Status, refusal.Code, refusal.Param));
        var sample = "data:audio/mpeg;base64," + Convert.ToBase64String(await Sound.SpeechAsync("This is my voice.", "mp3"));
        foreach (var (instructions, said) in new[] { (null, "This is my voice."), ("Whisper it.", null), ((string?)null, (string?)null) })
        {
            var spoken = await SpeakAsync(server, new { input = "Hello there.", response_format = "flac", ref_audio = sample, ref_text = said, instructions });
            Assert.Equal("flac", (await Sound.LookAsync(spoken)).Codec);
        }
    }

    [Theory]
    [InlineData("mp3", "audio/mpeg", "mp3", 24000)]
    [InlineData("opus", "audio/ogg", "opus", 48000)]
    [InlineData("aac", "audio/aac", "aac", 24000)]
    [InlineData("flac", "audio/flac", "flac", 24000)]
    [InlineData("wav", "audio/wav", "pcm_s16le", 24000)]
    public async Task Each_format_is_what_it_says_whole_and_streamed(string format, string type, string codec, int rate)
    {
        await using var server = await ServerProcess.StartAsync(Kokoro);
        foreach (var stream in new[] { null, "audio" })
        {
            using var answer = await server.SendAsync(Path, new { model = "k", input = "Good morning.\nGood night.", response_format = format, stream_format = stream });
            Assert.Equal((200, type), ((int)answer.StatusCode, answer.Content.Headers.ContentType?.MediaType));
            var looked = await Sound.LookAsync(await answer.Content.ReadAsByteArrayAsync());
            Assert.Equal((codec, rate), (looked.Codec, looked.Rate));
            Assert.InRange(looked.Seconds, 0.8, 4);
        }
    }

    [Fact]
    public async Task Events_carry_the_sound_in_parts()
    {
        await using var server = await ServerProcess.StartAsync(Kokoro);
        using var answer = await server.SendAsync(Path, new { input = "Good morning.\nGood night.", response_format = "pcm", stream_format = "sse" });
        var events = (await answer.Content.ReadAsStringAsync()).Split("\n\n", StringSplitOptions.RemoveEmptyEntries).Select(line => JsonDocument.Parse(line[6..]).RootElement).ToList();
        Assert.Equal("speech.audio.done", events[^1].GetProperty("type").GetString());
        Assert.All(events[..^1], part => Assert.Equal("speech.audio.delta", part.GetProperty("type").GetString()));
        var pcm = events[..^1].SelectMany(part => part.GetProperty("audio").GetBytesFromBase64()).ToArray();
        var whole = await SpeakAsync(server, new { input = "Good morning.\nGood night.", response_format = "pcm" });
        Assert.Equal(whole.Length, pcm.Length);
    }

    [Theory]
    [InlineData("kokoro", "hexgrad/Kokoro-82M")]
    [InlineData("bark", "suno/bark")]
    public async Task Twice_as_fast_takes_half_the_time_by_the_model_or_after_it(string family, string model)
    {
        await using var server = await ServerProcess.StartAsync($"tts --model {model} --family {family}");
        var usual = await Sound.LookAsync(await SpeakAsync(server, new { input = "One two three four five six seven.", response_format = "wav" }));
        foreach (var speed in new[] { 0.25, 2.0 })
        {
            var changed = await Sound.LookAsync(await SpeakAsync(server, new { input = "One two three four five six seven.", response_format = "wav", speed }));
            Assert.Equal(usual.Rate, changed.Rate);
            Assert.InRange(changed.Seconds * speed / usual.Seconds, 0.9, 1.1);
        }
    }

    [Fact]
    public async Task What_cannot_be_meant_is_refused_by_name()
    {
        await using var server = await ServerProcess.StartAsync(Kokoro + " --default-voice bf_emma");
        foreach (var (body, code, param) in new (object, string, string)[]
        {
            (new { }, "missing_required_parameter", "input"),
            (new { input = "  " }, "invalid_value", "input"),
            (new { input = 7 }, "invalid_type", "input"),
            (new { input = new string('x', 5000) }, "string_above_max_length", "input"),
            (new { input = "Hi", voice = "nobody" }, "invalid_value", "voice"),
            (new { input = "Hi", voice = 7 }, "invalid_type", "voice"),
            (new { input = "Hi", speed = 5 }, "invalid_value", "speed"),
            (new { input = "Hi", response_format = "midi" }, "invalid_value", "response_format"),
            (new { input = "Hi", model = "other" }, "model_not_found", "model"),
        })
        {
            var refusal = await server.RefusedAsync(Path, body);
            Assert.Equal((code, param), (refusal.Code, refusal.Param));
        }

        Assert.Contains("this model's are af_heart, bf_emma", (await server.RefusedAsync(Path, new { input = "Hi", voice = "nobody" })).Message, StringComparison.Ordinal);
        Assert.NotEmpty(await SpeakAsync(server, new { input = "Hi", voice = new { id = "af_heart" } }));
        Assert.Equal(2, await server.MetricAsync("orrery:request_failure_total") - 8);
        Assert.True(await server.MetricAsync("orrery:audio_seconds_total") > 0.1);
    }

    private static async Task<byte[]> SpeakAsync(ServerProcess server, object body)
    {
        using var answer = await server.SendAsync(Path, body);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
        return await answer.Content.ReadAsByteArrayAsync();
    }
}
