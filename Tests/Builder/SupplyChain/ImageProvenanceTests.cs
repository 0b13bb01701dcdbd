using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Orrery.Builder.SupplyChain.Origin;
using Orrery.Builder.SupplyChain.Signing;
using Orrery.ServiceDefaults.Registries;
using Orrery.Tests.ServiceDefaults.Egress;
using Orrery.Tests.ServiceDefaults.Registries;

namespace Orrery.Tests.Builder.SupplyChain;

/// <summary>Statements of origin beside an image in a real registry.</summary>
public sealed class ImageProvenanceTests
{
    private static readonly string Digest = OciDigest.Of("Dockerfile"u8);

    private static readonly BuildFacts Build = new()
    {
        DockerfileDigest = Digest,
        Entry = "acme/model",
        Target = "runtime",
        Platform = "linux/amd64",
        Arguments = new Dictionary<string, string> { ["B"] = "2", ["A"] = "1" },
        Chosen = new Dictionary<string, string> { ["tool"] = "podman" },
        Bases = [("docker.io/library/python:3.12", Digest)],
        Files = [("requirements.txt", Digest)],
        BuilderId = "https://builder.example.com",
        BuilderVersion = "0.1.0",
        InvocationId = "01990000-0000-7000-8000-000000000000",
        StartedOn = new DateTimeOffset(2026, 1, 1, 12, 0, 0, TimeSpan.FromHours(2)),
        FinishedOn = new DateTimeOffset(2026, 1, 1, 10, 5, 0, TimeSpan.Zero),
    };

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public void A_statement_says_what_was_built_of_what_by_whom_and_when()
    {
        var hex = Digest["sha256:".Length..];
        Assert.Equal(
            JsonNode.Parse(
                $$"""
                  { "_type": "https://in-toto.io/Statement/v1",
                    "subject": [{ "name": "registry.example.com/team/image", "digest": { "sha256": "{{hex}}" } }],
                    "predicateType": "https://slsa.dev/provenance/v1",
                    "predicate": {
                      "buildDefinition": {
                        "buildType": "https://orrery.dev/build-types/dockerfile/v1",
                        "externalParameters": { "dockerfile": { "sha256": "{{hex}}" }, "entry": "acme/model", "target": "runtime", "platform": "linux/amd64", "arguments": { "A": "1", "B": "2" } },
                        "internalParameters": { "tool": "podman" },
                        "resolvedDependencies": [
                          { "uri": "docker://docker.io/library/python:3.12@{{Digest}}", "digest": { "sha256": "{{hex}}" } },
                          { "name": "requirements.txt", "digest": { "sha256": "{{hex}}" } }] },
                      "runDetails": {
                        "builder": { "id": "https://builder.example.com", "version": { "orrery": "0.1.0" } },
                        "metadata": { "invocationId": "01990000-0000-7000-8000-000000000000", "startedOn": "2026-01-01T10:00:00Z", "finishedOn": "2026-01-01T10:05:00Z" } } } }
                  """)!.ToJsonString(),
            JsonNode.Parse(Provenance.Write("registry.example.com/team/image", Digest, Build))!.ToJsonString());
    }

    [Fact]
    public async Task It_is_attached_signed_where_there_is_a_key_and_bare_where_there_is_none()
    {
        using var world = new EgressWorld("Gateway:Egress:AllowLoopback=true");
        await using var registry = await RegistryServer.StartAsync();
        await registry.PushAsync("team/image", "1.2", "one");
        var repository = world.Registry.Open(ImageReference.Parse($"{registry.Address}/team/image")!, null, RegistryAccess.Push);
        var image = (await repository.FindManifestAsync("1.2", Cancelled))!;
        using var pair = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var other = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var key = SigningKey.Read(pair.ExportPkcs8PrivateKeyPem(), null);
        await new ImageProvenance(repository).AttachAsync(image, Build, null, Cancelled);
        await new ImageProvenance(repository).AttachAsync(image, Build, key, Cancelled);

        var statement = await ContentOf("application/vnd.in-toto+json");
        Assert.Equal(image.Digest["sha256:".Length..], (string?)JsonNode.Parse(statement)!["subject"]![0]!["digest"]!["sha256"]);
        var envelope = Envelope.Read(await ContentOf("application/vnd.dsse.envelope.v1+json"))!;
        Assert.Equal(("application/vnd.in-toto+json", statement), (envelope.PayloadType, envelope.Payload), (one, two) => one.Item1 == two.Item1 && one.Item2.SequenceEqual(two.Item2!));
        using var known = VerificationKey.Read(key.PublicKeyPem);
        using var stranger = VerificationKey.Read(other.ExportSubjectPublicKeyInfoPem());
        Assert.Equal(known.Id, envelope.SignerAmong([stranger, known])!.Id);
        Assert.Null(envelope.SignerAmong([stranger]));
        Assert.Null((envelope with { PayloadType = "text/plain" }).SignerAmong([known]));
        Assert.Null((envelope with { Payload = [.. statement, 32] }).SignerAmong([known]));
        Assert.Null(Envelope.Read("{}"u8));

        async Task<byte[]> ContentOf(string type)
        {
            var found = Assert.Single(await repository.Referrers.ListAsync(image.Digest, type, Cancelled));
            Assert.Equal("https://slsa.dev/provenance/v1", found.Annotations!["in-toto.io/predicate-type"]);
            var manifest = OciManifest.Read((await repository.ReadManifestAsync(found.Digest, Cancelled))!.Body)!;
            return await repository.ReadBlobAsync(manifest.Layers![0], 1 << 20, Cancelled);
        }
    }

    /// <summary>The example of DSSE's own protocol.md.</summary>
    [Fact]
    public void What_is_signed_is_put_together_as_the_specification_says() =>
        Assert.Equal("DSSEv1 29 http://example.com/HelloWorld 11 hello world", Encoding.UTF8.GetString(Envelope.Signed("http://example.com/HelloWorld", "hello world"u8.ToArray())));
}
