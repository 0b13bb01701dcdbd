using System.Text.RegularExpressions;
using Orrery.Builder.Targets;
using Orrery.Builder.Targets.Container;
using Orrery.Contracts;
using Orrery.ServiceDefaults.Registries;

namespace Orrery.Builder.Builds.Local;

/// <summary>Builds with the container tool of this machine: podman, buildah or docker.</summary>
/// <remarks>
/// Bases are fetched first, so that their registry's answers are not taken for a step's. Times in the image are zero: the same recipe on the same
/// bases gives the same digest, as far as its own steps do.
/// </remarks>
internal sealed partial class LocalImageBuilder(ContainerTool tool, BuildOptions options, RegistryOptions registries, string folder, BuildProcesses processes) : IImageBuilder, IDisposable
{
    /// <summary>What the tool is asked in passing takes no longer.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    /// <summary>Lines that tell why a step failed are among its last.</summary>
    private const int LastLines = 40;

    public async Task<string> DescribeAsync(CancellationToken cancellationToken)
    {
        var found = await FindToolAsync(cancellationToken);
        return $"{found.Name} {found.Version}";
    }

    public async Task<string?> FindBaseAsync(string reference, CancellationToken cancellationToken) => await FindIdAsync(await FindToolAsync(cancellationToken), reference, cancellationToken);

    public async Task<bool> HasAsync(BuildRecord build, CancellationToken cancellationToken) => await FindBaseAsync(build.Image!, cancellationToken) is not null;

    public async Task<BuiltImage> BuildAsync(BuildOrder order, IBuildProgress progress, CancellationToken cancellationToken)
    {
        var found = await FindToolAsync(cancellationToken);
        try
        {
            using var files = BuildFolder.Create(folder, order, registries);
            foreach (var image in order.Recipe.Bases)
            {
                await FetchAsync(found, files, image, progress, cancellationToken);
            }

            var id = await MakeAsync(found, files, order, progress, cancellationToken);
            return order.Target is { } target ? await PushAsync(found, files, id, target, progress, cancellationToken) : new BuiltImage(id, null);
        }
        catch (IOException error)
        {
            throw BuildFailures.OfDisk(folder, error);
        }
        catch (UnauthorizedAccessException error)
        {
            throw new BuildException(BuildReasons.ToolUnavailable, $"The folder {folder}, where builds have their files, cannot be used: {error.Message} Set {BuildOptions.Section}:Folder to one that this Builder may write.", mayPass: true, error);
        }
        catch (TargetException error)
        {
            throw new BuildException(BuildReasons.ToolUnavailable, error.Message, mayPass: true, error);
        }
    }

    /// <summary>Nothing does.</summary>
    public Task EndAsync(Guid build, CancellationToken cancellationToken) => Task.CompletedTask;

    public async Task ClearAsync(IReadOnlySet<Guid> begun, CancellationToken cancellationToken)
    {
        foreach (var left in Directory.Exists(folder) ? Directory.EnumerateDirectories(folder) : [])
        {
            await processes.EndAsync(left);
            Directory.Delete(left, recursive: true);
        }
    }

    public void Dispose() => tool.Dispose();

    private async Task<FoundTool> FindToolAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await tool.FindAsync(cancellationToken);
        }
        catch (TargetException error)
        {
            throw new BuildException(BuildReasons.ToolUnavailable, error.Message, mayPass: true, error);
        }
    }

    private async Task<string?> FindIdAsync(FoundTool found, string reference, CancellationToken cancellationToken)
    {
        var answer = await tool.RunAsync(
            found.IsBuildah ? ["inspect", "--type", "image", "--format", "{{.FromImageID}}", "--", reference] : ["image", "inspect", "--format", "{{.Id}}", "--", reference], cancellationToken, Patience);
        var id = answer.Output.Trim();
        return !answer.IsSuccess || id.Length == 0 ? null : id.Contains(':', StringComparison.Ordinal) ? id : $"sha256:{id}";
    }

    private async Task FetchAsync(FoundTool found, BuildFolder files, RecipeBase image, IBuildProgress progress, CancellationToken cancellationToken)
    {
        var reference = image.Digest is { } digest && !image.Reference.Contains('@', StringComparison.Ordinal) ? $"{image.Reference}@{digest}" : image.Reference;
        if (await FindIdAsync(found, reference, cancellationToken) is { } held)
        {
            progress.Write($"Base {reference} is here ({held})");
            return;
        }

        if (image.Digest is null)
        {
            throw new BuildException(
                BuildReasons.BaseUnknown, $"The base {reference} is not on this machine, and what it is could not be found out either. {image.Message}", mayPass: true);
        }

        progress.Tell($"Fetching the base {reference}");
        progress.Write($"Fetching the base {reference}");
        var said = await RunAsync(found, files, ["pull", .. ConnectionOf(found, files, reference, files.Pulls), "--", reference], files.Pulls, progress, cancellationToken);
        if (said.Code != 0)
        {
            throw BuildFailures.OfFetching(reference, said.Lines);
        }
    }

    private async Task<string> MakeAsync(FoundTool found, BuildFolder files, BuildOrder order, IBuildProgress progress, CancellationToken cancellationToken)
    {
        // OCI's format: Docker's names the container that it was made in, which is another each time. It has no health check; who runs models probes them.
        string[] how = found.IsLikePodman
            ? ["--timestamp", "0", "--pull=never", "--layers", "--format", "oci"]
            : ["--pull=false", "--progress=plain", "--build-arg", "SOURCE_DATE_EPOCH=0"];
        var step = (string?)null;
        var said = await RunAsync(
            found, files, ["build", .. how, "--file", files.Dockerfile, "--iidfile", files.ImageId, "--tag", LocalName(order), .. options.Arguments, files.Context], files.Pulls, progress, cancellationToken,
            line =>
            {
                if (BuildSteps.Of(line) is { } begun)
                {
                    step = begun;
                    progress.Tell(begun);
                }
            });
        if (said.Code != 0)
        {
            throw BuildFailures.OfStep(step, said.Lines, said.Code);
        }

        // A tool that was told to end may end well without an image.
        return File.Exists(files.ImageId) && await File.ReadAllTextAsync(files.ImageId, cancellationToken) is { Length: > 0 } id
            ? id.Trim()
            : throw new BuildException(BuildReasons.Interrupted, $"{found.Name} ended without an image{(step is null ? "" : $" ({step})")}: somebody told it to end.", mayPass: true);
    }

    private async Task<BuiltImage> PushAsync(FoundTool found, BuildFolder files, string id, ImageReference target, IBuildProgress progress, CancellationToken cancellationToken)
    {
        await progress.EnterAsync(BuildStates.Pushing, cancellationToken);
        progress.Tell($"Pushing to {target.Registry}/{target.Repository}");
        progress.Write($"Pushing {target}");
        ToolSaid said;
        if (found.IsLikePodman)
        {
            said = await RunAsync(found, files, ["push", .. ConnectionOf(found, files, $"{target}", files.Pushes), "--digestfile", files.Digest, id, $"docker://{target}"], files.Pushes, progress, cancellationToken);
        }
        else
        {
            said = await RunAsync(found, files, ["tag", id, $"{target}"], files.Pushes, progress, cancellationToken);
            said = said.Code == 0 ? await RunAsync(found, files, ["push", $"{target}"], files.Pushes, progress, cancellationToken) : said;
        }

        if (said.Code != 0)
        {
            throw BuildFailures.OfPushing($"{target.Registry}/{target.Repository}", said.Lines);
        }

        var digest = found.IsLikePodman ? (await File.ReadAllTextAsync(files.Digest, cancellationToken)).Trim() : said.Lines.Select(line => PushedDigest.Match(line)).LastOrDefault(match => match.Success)?.Groups["digest"].Value;
        if (digest is not { Length: > 0 })
        {
            throw new BuildException(BuildReasons.NotPushed, $"{found.Name} pushed {target} and did not say which digest it has.", mayPass: true);
        }

        // As whoever runs it will: by its digest. What is not whole there does not come back.
        var pushed = $"{target with { Tag = null, Digest = digest }}";
        progress.Tell($"Fetching it by its digest from {target.Registry}");
        said = await RunAsync(found, files, ["pull", .. ConnectionOf(found, files, pushed, files.Pushes), pushed], files.Pushes, progress, cancellationToken);
        return said.Code == 0 ? new BuiltImage(pushed, digest) : throw BuildFailures.OfFetching(pushed, said.Lines);
    }

    /// <summary>With whose credentials, and whether over TLS and by which authorities. Docker's own daemon decides the latter two.</summary>
    private IEnumerable<string> ConnectionOf(FoundTool found, BuildFolder files, string reference, string credentials)
    {
        if (!found.IsLikePodman)
        {
            yield break;
        }

        yield return $"--authfile={BuildFolder.AuthFile(credentials)}";
        if (registries.CaFile is { Length: > 0 })
        {
            yield return $"--cert-dir={files.Authorities}";
        }

        if (ImageReference.Parse(reference) is { Registry: { } registry } && registries.IsPlain(registry))
        {
            yield return "--tls-verify=false";
        }
    }

    private async Task<ToolSaid> RunAsync(
        FoundTool found, BuildFolder files, IEnumerable<string> arguments, string credentials, IBuildProgress progress, CancellationToken cancellationToken, Action<string>? each = null)
    {
        var variables = new Dictionary<string, string> { ["TMPDIR"] = files.Temporary, [found.IsLikePodman ? "REGISTRY_AUTH_FILE" : "DOCKER_CONFIG"] = found.IsLikePodman ? BuildFolder.AuthFile(credentials) : credentials };
        if (!found.IsLikePodman)
        {
            variables["DOCKER_BUILDKIT"] = "1";
        }
        else if (registries.Mirrors.Count > 0)
        {
            variables["CONTAINERS_REGISTRIES_CONF"] = files.Mirrors;
        }

        var (last, code) = (new Queue<string>(), -1);
        await foreach (var line in tool.StreamAsync(arguments, ended => code = ended, cancellationToken, variables, process => processes.EndAsync(files.Path, () => process.HasExited)))
        {
            var text = line.Text.Replace(files.Path, "", StringComparison.Ordinal);
            progress.Write(text);
            each?.Invoke(text);
            last.Enqueue(text);
            if (last.Count > LastLines)
            {
                last.Dequeue();
            }
        }

        return new ToolSaid(code, [.. last]);
    }

    /// <summary>A name on this machine, so that people and the tool's own clean-up see what it is.</summary>
    private static string LocalName(BuildOrder order) => $"localhost/orrery/{RepositoryNames.Of(order.Recipe.ModelId)}:{order.Key[..12]}";

    [GeneratedRegex(@"digest: (?<digest>sha256:[0-9a-f]{64}) size: ")]
    private static partial Regex PushedDigest { get; }

    private sealed record ToolSaid(int Code, IReadOnlyList<string> Lines);
}
