using System.Text.RegularExpressions;
using Orrery.Builder.Targets.Container;
using Orrery.Contracts;

namespace Orrery.Builder.Builds.Local;

/// <summary>Tells by what the tool wrote why an image was not built. Names the step, the cause and what helps.</summary>
internal static partial class BuildFailures
{
    private const string MakeRoom = "Make room (the container tool's 'system df' says what is used); it is tried again.";

    private static readonly (Regex Text, string Reason, bool MayPass, string Sentence)[] AtRegistry =
    [
        (ImageStore.NoSpace, BuildReasons.DiskFull, true, "no space is left, here or at the registry. " + MakeRoom),
        (ImageStore.Tls, BuildReasons.Untrusted, false, "the registry's certificate is not trusted, or it speaks plain HTTP. Give this machine its authority's certificate, or list the registry in Registries:PlainHttp"),
        (ImageStore.Denied, BuildReasons.Unauthorized, false, "the registry refuses us. Put credentials that may do it into the namespace's Secret 'registries', key '.dockerconfigjson'"),
        (ImageStore.Missing, BuildReasons.BaseMissing, false, "the registry has no such image. Was it deleted since its digest was kept? Renew the pin (POST /models/ID/pins?renew=true), or correct the Dockerfile"),
        (ImageStore.NoWay, BuildReasons.Unreachable, true, "the registry cannot be reached. Check its name, the network and this machine's proxy; it is tried again"),
        (ServerError, BuildReasons.NotPushed, true, "the registry failed. Its own log says why (a full disk is the usual cause); it is tried again"),
    ];

    public static BuildException OfFetching(string reference, IReadOnlyList<string> said) => OfRegistry($"The image {reference} cannot be fetched", said, BuildReasons.BaseMissing);

    public static BuildException OfPushing(string repository, IReadOnlyList<string> said) => OfRegistry($"The image was built and cannot be pushed to {repository}", said, BuildReasons.NotPushed);

    /// <param name="step">The last that was begun.</param>
    public static BuildException OfStep(string? step, IReadOnlyList<string> said, int code)
    {
        var text = string.Join('\n', said);
        if (ImageStore.NoSpace.IsMatch(text))
        {
            return new BuildException(BuildReasons.DiskFull, $"{Where(step)}: no space is left on this machine's disk. {MakeRoom}", mayPass: true);
        }

        if (MissingFile.Match(text) is { Success: true } missing)
        {
            return new BuildException(BuildReasons.FileMissing, $"{Where(step)}: the build context has no '{missing.Groups["path"].Value}'. Add it to spec.files beside the Dockerfile, or correct the path.");
        }

        if (NoDockerfile.IsMatch(text))
        {
            return new BuildException(BuildReasons.BadDockerfile, $"The Dockerfile cannot be read: {Last(said)}. POST /models/lint says what is wrong with it.");
        }

        var exit = ExitCode.Match(text) is { Success: true } match ? match.Groups["code"].Value : null;
        return new BuildException(
            BuildReasons.StepFailed, exit is null
                ? $"{Where(step)}: the tool ended with {code} and said: {Last(said)}" // No program of the step's had begun, or it is not told how it ended.
                : $"{Where(step)}: it ended with {exit}. It last said: {Last([.. said.Where(line => !OfTheTool.IsMatch(line))])}");
    }

    public static BuildException OfDisk(string folder, IOException error) => new(
        BuildReasons.DiskFull, $"The files of the build cannot be written below {folder}: {error.Message} Make room, or set {BuildOptions.Section}:Folder to a larger disk's; it is tried again.", mayPass: true, error);

    private static BuildException OfRegistry(string what, IReadOnlyList<string> said, string otherwise)
    {
        var text = string.Join('\n', said);
        foreach (var (pattern, reason, mayPass, sentence) in AtRegistry)
        {
            if (pattern.IsMatch(text))
            {
                return new BuildException(reason, $"{what}: {sentence.TrimEnd('.')}. The tool said: {Last(said)}", mayPass);
            }
        }

        return new BuildException(otherwise, $"{what}; it is tried again. The tool said: {Last(said)}", mayPass: true);
    }

    private static string Where(string? step) => step is null ? "Before its first step" : $"In {char.ToLowerInvariant(step[0])}{step[1..]}";

    private static string Last(IReadOnlyList<string> said) =>
        (said.LastOrDefault(line => line.Contains("rror", StringComparison.Ordinal)) ?? said.LastOrDefault(line => line.Trim().Length > 0) ?? "nothing").Trim().Cut(600, "…");

    [GeneratedRegex(@"(?:HTTP status|status code)[: ]+(?:code )?5[0-9][0-9]|5[0-9][0-9] (?:Internal Server Error|Bad Gateway|Service Unavailable)|unknown: unknown error|blob upload (?:unknown|invalid)|unexpected EOF", RegexOptions.IgnoreCase)]
    private static partial Regex ServerError { get; }

    /// <summary>podman: <c>copier: stat: "/app": no such file or directory</c>; docker: <c>"/app": not found</c>.</summary>
    [GeneratedRegex("""(?:copier: stat: "?|(?:failed to compute cache key|failed to calculate checksum)[^"]*)"(?<path>[^"]{1,255})": (?:no such file|not found)""")]
    private static partial Regex MissingFile { get; }

    [GeneratedRegex(@"unknown instruction|dockerfile parse error|file with no instructions|no FROM statement|syntax error in", RegexOptions.IgnoreCase)]
    private static partial Regex NoDockerfile { get; }

    [GeneratedRegex(@"(?:exit status|exit code:?|exited on signal|exited with code) (?<code>[0-9]{1,3})", RegexOptions.RightToLeft)]
    private static partial Regex ExitCode { get; }

    /// <summary>What the tool says of itself, and not the step.</summary>
    [GeneratedRegex(@"^(?:[Ee]rror: (?:error )?building at STEP |Error: while running runtime|ERROR: failed to |STEP |\[[0-9]+/[0-9]+\] STEP |--> |time=|subprocess exited|exit status )")]
    private static partial Regex OfTheTool { get; }
}
