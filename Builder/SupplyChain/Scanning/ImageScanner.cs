using System.Diagnostics;

namespace Orrery.Builder.SupplyChain.Scanning;

/// <summary>The section <c>Builder:Scanner</c>.</summary>
internal sealed class ScannerOptions
{
    public const string Section = "Builder:Scanner";

    /// <summary>
    /// The program and its arguments, each by itself; no shell reads them. <c>{image}</c> becomes the image by its digest, <c>{sbom}</c> the file with the list of its parts.
    /// Default none: nothing is scanned.
    /// </summary>
    public IList<string> Command { get; } = [];

    /// <summary>Variables of the program's environment beside PATH, HOME and TMPDIR: of ours it gets no other.</summary>
    public IDictionary<string, string> Environment { get; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>How long it may take. Default 10 min.</summary>
    public TimeSpan Timeout { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>Exit codes that are no failure: scanners end with another where they found something. Default 0.</summary>
    public IList<int> ExitCodes { get; } = [];

    /// <summary>The least severity that keeps an image from being used. Default critical.</summary>
    public Severity Threshold { get; set; } = Severity.Critical;

    /// <summary>Whether only those count for which there is a version without them. Default no.</summary>
    public bool OnlyFixable { get; set; }
}

/// <summary>What was found, and whether it keeps the image from being used.</summary>
internal sealed record ScanVerdict(ScanFindings Findings, IReadOnlyList<Finding> Refused)
{
    public bool IsRefused => Refused.Count > 0;
}

/// <summary>Runs the scanner that the operator has named, and reads what it prints.</summary>
internal sealed partial class ImageScanner(ScannerOptions options, TimeProvider time, ILogger<ImageScanner> logger)
{
    private const int MostOutputBytes = 64 << 20;
    private const int MostErrorBytes = 16 << 10;
    private const int ShownErrorCharacters = 500;
    private const string ImagePlace = "{image}";
    private const string SbomPlace = "{sbom}";

    private static readonly string[] Inherited = ["PATH", "HOME", "TMPDIR"];

    public bool IsSet => options.Command.Count > 0;

    /// <param name="image">By its digest: <c>registry/team/image@sha256:…</c>.</param>
    /// <param name="sbom">CycloneDX, which scanners read faster than an image.</param>
    /// <exception cref="ScanException">It did not run to its end, or printed nothing that can be read.</exception>
    public async Task<ScanVerdict> ScanAsync(string image, byte[] sbom, CancellationToken cancellationToken)
    {
        var folder = Directory.CreateTempSubdirectory("orrery-scan-");
        try
        {
            var file = Path.Combine(folder.FullName, "sbom.cdx.json");
            await File.WriteAllBytesAsync(file, sbom, cancellationToken);
            var findings = ScanFindings.Read(await RunAsync(image, file, cancellationToken));
            return new ScanVerdict(findings, findings.Reaching(options.Threshold, options.OnlyFixable));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private async Task<byte[]> RunAsync(string image, string sbom, CancellationToken cancellationToken)
    {
        using var clock = new CancellationTokenSource(options.Timeout, time);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, clock.Token);
        using var process = Start(image, sbom);
        try
        {
            process.StandardInput.Close();
            var output = ReadAsync(process.StandardOutput.BaseStream, MostOutputBytes, limit.Token);
            var error = ReadEndAsync(process.StandardError.BaseStream, MostErrorBytes, limit.Token);
            var printed = await output;
            if (printed.Length > MostOutputBytes)
            {
                throw new ScanException($"'{options.Command[0]}' printed more than {MostOutputBytes} bytes", "Let it print its findings alone.");
            }

            var said = await error;
            await process.WaitForExitAsync(limit.Token);
            return options.ExitCodes.DefaultIfEmpty(0).Contains(process.ExitCode) ? printed : throw Failed(process.ExitCode, said);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new ScanException(
                FormattableString.Invariant($"'{options.Command[0]}' had not ended after {options.Timeout.TotalSeconds:0.###} s"), "Does it fetch its database each time? Raise Builder:Scanner:Timeout, or give it a cache.");
        }
        finally
        {
            Kill(process);
        }
    }

    private Process Start(string image, string sbom)
    {
        var start = new ProcessStartInfo(options.Command[0]) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        foreach (var argument in options.Command.Skip(1))
        {
            start.ArgumentList.Add(argument.Replace(ImagePlace, image, StringComparison.Ordinal).Replace(SbomPlace, sbom, StringComparison.Ordinal));
        }

        // Ours holds the keys to the database and to the other services.
        var inherited = Inherited.Select(name => (Name: name, Value: start.Environment.TryGetValue(name, out var value) ? value : null)).Where(pair => pair.Value is not null).ToList();
        start.Environment.Clear();
        foreach (var (name, value) in inherited.Concat(options.Environment.Select(pair => (pair.Key, (string?)pair.Value))))
        {
            start.Environment[name] = value;
        }

        try
        {
            return Process.Start(start)!;
        }
        catch (System.ComponentModel.Win32Exception error)
        {
            throw new ScanException($"'{options.Command[0]}' cannot be started: {error.Message}", "Is it installed where the Builder runs? Look at Builder:Scanner:Command.");
        }
    }

    /// <summary>Its words go to the log, for operators; they are not passed on to those who deploy.</summary>
    private ScanException Failed(int code, byte[] said)
    {
        var words = System.Text.Encoding.UTF8.GetString(said).Trim();
        Log.Failed(logger, options.Command[0], code, words.Length > ShownErrorCharacters ? words[^ShownErrorCharacters..] : words);
        return new ScanException($"'{options.Command[0]}' ended with {code}", "The Builder's log holds what it said. Codes that mean findings belong into Builder:Scanner:ExitCodes.");
    }

    private static void Kill(Process process)
    {
        try
        {
            process.Kill(entireProcessTree: true);
        }
        catch (InvalidOperationException)
        {
            // It has ended.
        }
    }

    /// <summary>At most one byte more than <paramref name="most"/>, and then no more.</summary>
    private static async Task<byte[]> ReadAsync(Stream stream, int most, CancellationToken cancellationToken)
    {
        using var read = new MemoryStream();
        var buffer = new byte[16 << 10];
        for (int count; read.Length <= most && (count = await stream.ReadAsync(buffer, cancellationToken)) > 0;)
        {
            await read.WriteAsync(buffer.AsMemory(0, (int)Math.Min(count, most + 1 - read.Length)), cancellationToken);
        }

        return read.ToArray();
    }

    /// <summary>The end of what it says; all of it is taken, so that it never waits for us.</summary>
    private static async Task<byte[]> ReadEndAsync(Stream stream, int most, CancellationToken cancellationToken)
    {
        var kept = new byte[most];
        var buffer = new byte[most];
        var length = 0;
        for (int count; (count = await stream.ReadAsync(buffer, cancellationToken)) > 0;)
        {
            var stays = Math.Min(length, most - count);
            kept.AsSpan(length - stays, stays).CopyTo(kept);
            buffer.AsSpan(0, count).CopyTo(kept.AsSpan(stays));
            length = stays + count;
        }

        return kept[..length];
    }

    private static partial class Log
    {
        [LoggerMessage(961, LogLevel.Warning, "The scanner {Program} ended with {Code}: {Words}", EventName = "ScannerFailed")]
        public static partial void Failed(ILogger logger, string program, int code, string words);
    }
}
