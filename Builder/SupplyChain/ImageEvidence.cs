using System.Reflection;
using System.Runtime.InteropServices;
using System.Text;
using Orrery.Builder.Builds;
using Orrery.Builder.SupplyChain.Origin;
using Orrery.Builder.SupplyChain.Parts;
using Orrery.Builder.SupplyChain.Scanning;
using Orrery.Builder.SupplyChain.Signing;
using Orrery.ServiceDefaults.Egress;
using Orrery.ServiceDefaults.Registries;

namespace Orrery.Builder.SupplyChain;

/// <summary>Puts beside a pushed image what it consists of, how it was built and who vouches for it. The signature comes last: what is signed here has passed the scanner.</summary>
/// <param name="key"><c>null</c>: nothing is signed.</param>
/// <param name="installation">Which Builder it is.</param>
internal sealed class ImageEvidence(RegistryClient registries, ILayerFactsStore facts, ImageScanner scanner, SigningKey? key, string installation, TimeProvider time)
{
    private const int ShownFindings = 5;

    private static readonly string Platform = $"linux/{(RuntimeInformation.OSArchitecture == Architecture.Arm64 ? "arm64" : "amd64")}";

    private static readonly string? Version = typeof(ImageEvidence).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion;

    /// <summary>In PEM; <c>null</c>: nothing is signed here.</summary>
    public string? PublicKey => key?.PublicKeyPem;

    /// <param name="image">As it was pushed, with its digest.</param>
    /// <param name="credentials">What it was pushed with.</param>
    /// <exception cref="BuildException">Something of it cannot be kept, or the scanner refuses the image.</exception>
    public async Task<Evidence> KeepAsync(BuildRecord build, BuiltImage image, string tool, RegistryCredentials? credentials, IBuildProgress progress, CancellationToken cancellationToken)
    {
        try
        {
            var repository = await registries.OpenAsync(ImageReference.Parse(image.Image)!, credentials, RegistryAccess.Push, cancellationToken);
            var subject = await repository.FindManifestAsync(image.Digest!, cancellationToken)
                ?? throw new BuildException(BuildReasons.NotPushed, $"The registry {repository.Name.Registry} has no {image.Digest} of {repository.Name.Repository} although it was pushed there.", mayPass: true);

            Say(progress, "Listing its parts");
            var parts = new ImageSbom(repository, facts);
            var sbom = await parts.WriteAsync(image.Digest!, Platform, cancellationToken);
            var listed = await parts.AttachAsync(subject, sbom, cancellationToken);
            progress.Write($"It has {sbom.Packages} packages{(sbom.NotRead.Count == 0 ? "" : $"; not read: {string.Join(", ", sbom.NotRead)}")}");

            var findings = await ScanAsync(image.Image, sbom, progress, cancellationToken);
            Say(progress, "Recording how it was built");
            var recorded = await new ImageProvenance(repository).AttachAsync(subject, FactsOf(build, tool), key, cancellationToken);
            if (key is not null)
            {
                Say(progress, $"Signing it with the key {key.Id}");
                await new ImageSignatures(repository).SignAsync(image.Digest!, key, cancellationToken);
            }

            return new Evidence(
                listed.Digest, sbom.Packages, sbom.NotRead.Count == 0 ? null : sbom.NotRead, recorded.Digest, findings?.Counts.ToDictionary(count => $"{count.Key}".ToLowerInvariant(), count => count.Value), key?.Id);
        }
        catch (RemoteFailure failure)
        {
            throw new BuildException(
                BuildReasons.NotAttested, $"The image is pushed, and what belongs beside it ({image.Image}) cannot be put there: {failure.Fault.Message}. {failure.Fault.Remedy}", failure.Fault.MayPass, failure);
        }
        catch (SupplyChainException error)
        {
            throw new BuildException(BuildReasons.NotAttested, $"Of {image.Image} it cannot be said what it consists of: {error.Message}. {error.Remedy}", mayPass: false, error);
        }
    }

    private async Task<ScanFindings?> ScanAsync(string image, WrittenSbom sbom, IBuildProgress progress, CancellationToken cancellationToken)
    {
        if (!scanner.IsSet)
        {
            return null;
        }

        Say(progress, "Scanning it");
        try
        {
            var verdict = await scanner.ScanAsync(image, sbom.Document, cancellationToken);
            progress.Write($"The scanner found {verdict.Findings.All.Count}, of which {verdict.Refused.Count} count");
            return verdict.IsRefused ? throw Refused(verdict) : verdict.Findings;
        }
        catch (ScanException error)
        {
            throw new BuildException(BuildReasons.NotScanned, $"The image is pushed and could not be scanned: {error.Message}. {error.Remedy}", mayPass: true, error);
        }
    }

    private static BuildException Refused(ScanVerdict verdict)
    {
        var shown = verdict.Refused.Take(ShownFindings).Select(finding => string.Join(
            ' ', new[] { finding.Id, $"({finding.Severity})".ToLowerInvariant(), finding.Package, finding.Version, finding.FixedIn is null ? null : $"(fixed in {finding.FixedIn})" }.Where(word => word is not null)));
        var more = verdict.Refused.Count > ShownFindings ? $" and {verdict.Refused.Count - ShownFindings} more" : "";
        return new BuildException(
            BuildReasons.ScanRefused,
            $"The scanner keeps the image from being used: {string.Join(", ", shown)}{more}. Take a base without them, or have Builder:Scanner:Threshold or OnlyFixable changed.");
    }

    private BuildFacts FactsOf(BuildRecord build, string tool) => new()
    {
        DockerfileDigest = OciDigest.Of(Encoding.UTF8.GetBytes(build.Recipe.Dockerfile)),
        Entry = build.Model,
        Platform = Platform,
        Chosen = new Dictionary<string, string> { ["tool"] = tool, ["key"] = build.Key },
        Bases = [.. build.Recipe.Bases.Where(image => image.Digest is not null).Select(image => (image.Reference, image.Digest!))],
        Files = [.. build.Recipe.Files.OrderBy(file => file.Key, StringComparer.Ordinal).Select(file => (file.Key, OciDigest.Of(Encoding.UTF8.GetBytes(file.Value))))],
        BuilderId = $"https://orrery.dev/builders/{installation}",
        BuilderVersion = Version,
        InvocationId = $"{build.Id}",
        StartedOn = build.StartedAt ?? build.AskedAt,
        FinishedOn = time.GetUtcNow(),
    };

    private static void Say(IBuildProgress progress, string what)
    {
        progress.Tell(what);
        progress.Write(what);
    }
}
