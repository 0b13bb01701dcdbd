using System.Diagnostics;
using System.Globalization;

namespace Orrery.Tests.Servers;

/// <summary>Recordings: made by flite, looked at by ffmpeg.</summary>
internal static class Sound
{
    /// <summary>Real speech, in any format that ffmpeg writes.</summary>
    public static async Task<byte[]> SpeechAsync(string text, string format = "wav")
    {
        var path = Path.Combine(Path.GetTempPath(), $"orrery-tests-{Guid.CreateVersion7(TimeProvider.System.GetUtcNow()):N}.wav");
        try
        {
            await RunAsync("flite", ["-voice", "kal16", "-t", text, "-o", path], []);
            return await RunAsync("ffmpeg", ["-v", "error", "-i", path, "-f", format, "pipe:1"], []);
        }
        finally
        {
            File.Delete(path);
        }
    }

    /// <summary>What a file is: its codec, its rate, its length in seconds, and how loud it is at most (0 to 1).</summary>
    public static async Task<(string Codec, int Rate, double Seconds, double Peak)> LookAsync(byte[] file, params string[] given)
    {
        var told = System.Text.Encoding.UTF8.GetString(await RunAsync("ffprobe", ["-v", "error", .. given, "-show_entries", "stream=codec_name,sample_rate", "-of", "csv=p=0", "pipe:0"], file)).Trim().Split(',');
        var rate = int.Parse(told[1], CultureInfo.InvariantCulture);
        var samples = await RunAsync("ffmpeg", ["-v", "error", .. given, "-i", "pipe:0", "-f", "f32le", "-ac", "1", "-ar", $"{rate}", "pipe:1"], file);
        var peak = Enumerable.Range(0, samples.Length / 4).Max(i => Math.Abs(BitConverter.ToSingle(samples, i * 4)));
        return (told[0], rate, samples.Length / 4.0 / rate, peak);
    }

    public static async Task<byte[]> RunAsync(string program, string[] arguments, byte[] given)
    {
        Assert.SkipUnless(File.Exists("/usr/bin/" + program), $"{program} is not installed.");
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true })!;
        var (output, error) = (new MemoryStream(), process.StandardError.ReadToEndAsync());
        var reading = process.StandardOutput.BaseStream.CopyToAsync(output);
        try
        {
            await process.StandardInput.BaseStream.WriteAsync(given);
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It has read enough.
        }

        await reading;
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.True(process.ExitCode == 0, await error);
        return output.ToArray();
    }
}
