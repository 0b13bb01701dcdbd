using System.Diagnostics;
using System.Formats.Tar;
using System.Security.Cryptography;
using System.Text.Json;
using Orrery.Builder.SupplyChain.Signing;
using Orrery.ServiceDefaults.Registries;
using Orrery.Tests.Images;
using Orrery.Tests.ServiceDefaults.Egress;
using Orrery.Tests.ServiceDefaults.Registries;

namespace Orrery.Tests.Builder.Bundles;

/// <summary>The Builder's program as a user starts it, a folder, and images that a container tool takes.</summary>
internal sealed class BundleWorld : IAsyncDisposable
{
    public const string Bom = "application/vnd.cyclonedx+json";

    private readonly EgressWorld _egress = new("Gateway:Egress:AllowLoopback=true");

    public string Folder { get; } = Directory.CreateTempSubdirectory("orrery-bundles-").FullName;

    /// <summary>The bundle's directory.</summary>
    public string Bundle => PathOf("bundle");

    public SigningKey Key { get; } = NewKey();

    /// <summary>What it is called in registries: podman's images of a run can be told from others by it.</summary>
    public static string Repository => $"{Leftovers.Mine}/image";

    public static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public string PathOf(string name) => Path.Combine(Folder, name);

    public static SigningKey NewKey()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return SigningKey.Read(key.ExportPkcs8PrivateKeyPem(), null);
    }

    public RegistryRepository Open(string address, string repository, bool isKnown = false) =>
        _egress.Registry.Open(ImageReference.Parse($"{address}/{repository}")!, isKnown ? new RegistryCredential(RegistryServer.User, RegistryServer.Password) : null, RegistryAccess.Push);

    public async Task<bool> IsSignedAsync(RegistryRepository repository, string digest, params SigningKey[] keys)
    {
        var known = (keys.Length == 0 ? [Key] : keys).Select(key => VerificationKey.Read(key.PublicKeyPem)).ToList();
        var verdict = await new ImageSignatures(repository).VerifyAsync(digest, known, Cancelled);
        known.ForEach(key => key.Dispose());
        return verdict.IsSigned;
    }

    public Task<Answer> RunAsync(params string[] arguments) => RunAsync([], arguments);

    public async Task<Answer> RunAsync((string Name, string Value)[] environment, params string[] arguments)
    {
        var start = Program(["bundle", .. arguments]);
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        var answer = await Command.RunAsync(start);
        Assert.DoesNotContain(RegistryServer.Password, answer.Output + answer.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("Unhandled exception", answer.Error, StringComparison.Ordinal);
        return answer;
    }

    /// <summary>It came to its end.</summary>
    public async Task<Answer> DoAsync(params string[] arguments)
    {
        var answer = await RunAsync(arguments);
        Assert.True(answer.Code == 0, $"bundle {string.Join(' ', arguments)}: {answer.Code}\n{answer.Output}\n{answer.Error}");
        return answer;
    }

    public ProcessStartInfo Program(params string[] arguments) => new(Path.Combine(Tests.Repository.Root, "Builder/bin/Release/net10.0/Orrery.Builder"), arguments) { WorkingDirectory = Folder };

    /// <summary>A file with the registry's password, as Docker writes it.</summary>
    public async Task<string> CredentialsAsync(string address, string password = RegistryServer.Password)
    {
        var file = PathOf("credentials.json");
        await File.WriteAllTextAsync(file, $$$"""{"auths":{"{{{address}}}":{"username":"{{{RegistryServer.User}}}","password":"{{{password}}}"} } }""", Cancelled);
        return file;
    }

    /// <summary>An image with a layer for each file that it holds.</summary>
    public static async Task<OciDescriptor> PushAsync(RegistryRepository repository, string? tag, string architecture, params byte[][] files)
    {
        var layers = new List<BlobSource>();
        foreach (var (i, file) in files.Index())
        {
            layers.Add(BlobSource.Of(await TarAsync($"{Leftovers.Mine}-{architecture}-{i}", file)));
            await repository.WriteBlobAsync(layers[^1], null, Cancelled);
        }

        var config = BlobSource.Of(JsonSerializer.SerializeToUtf8Bytes(
            new { architecture, os = "linux", config = new { }, rootfs = new { type = "layers", diff_ids = layers.Select(layer => layer.Digest).ToArray() } }));
        await repository.WriteBlobAsync(config, null, Cancelled);
        var manifest = RegistryManifest.Of(new OciManifest
        {
            MediaType = OciTypes.Manifest,
            Config = config.As(OciTypes.Config),
            Layers = [.. layers.Select(layer => layer.As("application/vnd.oci.image.layer.v1.tar"))],
        });
        await repository.WriteManifestAsync(tag ?? manifest.Digest, manifest, Cancelled);
        return manifest.Descriptor with { Platform = new OciPlatform(architecture, "linux") };
    }

    /// <summary>An index for two platforms, signed, with a list of parts that is itself referred to.</summary>
    public async Task<(OciDescriptor Index, OciDescriptor Amd64, OciDescriptor Arm64)> PushIndexAsync(RegistryRepository repository, string tag)
    {
        var amd64 = await PushAsync(repository, null, "amd64", "one"u8.ToArray());
        var arm64 = await PushAsync(repository, null, "arm64", "two"u8.ToArray());
        var index = RegistryManifest.Of(new OciManifest { MediaType = OciTypes.Index, Manifests = [amd64, arm64] });
        await repository.WriteManifestAsync(tag, index, Cancelled);
        await new ImageSignatures(repository).SignAsync(index.Digest, Key, Cancelled);
        await new ImageSignatures(repository).SignAsync(arm64.Digest, Key, Cancelled);
        var bom = await repository.Referrers.AttachAsync(index.Descriptor, Bom, Bom, "{\"parts\":[]}"u8.ToArray(), new Dictionary<string, string> { ["made.by"] = "tests" }, Cancelled);
        await repository.Referrers.AttachAsync(bom, "application/x-note", "text/plain", "about the parts"u8.ToArray(), null, Cancelled);
        return (index.Descriptor, amd64, arm64);
    }

    /// <summary>Writes the checksums anew, as somebody would who changed the bundle knowingly.</summary>
    public void Resum()
    {
        var lines = new DirectoryInfo(Bundle).EnumerateFiles("*", SearchOption.AllDirectories).Where(file => file.Name != "SHA256SUMS" && file.LinkTarget is null)
            .Select(file => $"{Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(file.FullName)))}  {Path.GetRelativePath(Bundle, file.FullName)}\n");
        File.WriteAllText(Path.Combine(Bundle, "SHA256SUMS"), string.Concat(lines.Order(StringComparer.Ordinal)));
    }

    public async ValueTask DisposeAsync()
    {
        Assert.DoesNotContain(_egress.Logged.Lines, line => line.Contains(RegistryServer.Password, StringComparison.Ordinal));
        Key.Dispose();
        _egress.Dispose();
        Directory.Delete(Folder, recursive: true);
        await ValueTask.CompletedTask;
    }

    private static async Task<byte[]> TarAsync(string name, byte[] content)
    {
        using var packed = new MemoryStream();
        await using (var writer = new TarWriter(packed, TarEntryFormat.Pax, leaveOpen: true))
        {
            await writer.WriteEntryAsync(new PaxTarEntry(TarEntryType.RegularFile, name) { DataStream = new MemoryStream(content), ModificationTime = DateTimeOffset.UnixEpoch }, Cancelled);
        }

        return packed.ToArray();
    }
}
