using System.Text;
using System.Text.RegularExpressions;
using Orrery.Catalogue.Compilation;
using Orrery.Catalogue.Documents;
using Orrery.Catalogue.Resources;
using Orrery.Contracts;
using Orrery.ServiceDefaults;

namespace Orrery.Tests.Gateway.Transforms;

/// <summary>The examples of docs/transforms.md, read from the page and compiled by the Catalogue: what stands there is what runs.</summary>
internal static partial class TransformPage
{
    public const string Credential = "r8_tests-credential-0123456789";

    private static readonly SecretSealer Sealer = new(GatewayWorld.SecretsKey);

    /// <summary>Every example by the name of its provider.</summary>
    public static IReadOnlyDictionary<string, string> Examples { get; } =
        Block().Matches(File.ReadAllText(Path.Combine(Repository.Root, "docs", "transforms.md")))
            .Select(match => match.Groups["yaml"].Value)
            .ToDictionary(yaml => Name().Match(yaml).Groups["name"].Value, yaml => yaml);

    /// <summary>The example with its endpoint moved to a fake server.</summary>
    /// <param name="more">Put at the end of its spec.</param>
    public static string At(string example, string url, string more = "") => Endpoint().Replace(Examples[example], $"endpoint: {url}", 1) + more;

    /// <summary>What a gateway gets once these documents are applied.</summary>
    public static SnapshotDocument Compile(params string[] documents)
    {
        var errors = new FieldErrorList();
        var read = DocumentReader.Read(Encoding.UTF8.GetBytes(string.Join("\n---\n", documents)), isJson: false, new DocumentContext("default"), errors);
        Assert.True(!errors.Any, string.Join("\n", errors.All));
        var secret = new SealedSecretSpec(new Dictionary<string, SealedSecret> { ["token"] = Sealer.Seal(SecretContext.Of("default", "replicate", "token"), Credential) });
        var compiled = SnapshotCompiler.Compile("default", [.. read.Select(one => Store(one.Definition.Kind, one.Metadata.Name, one.Spec)), Store(ResourceKind.Secret, "replicate", secret)]);
        return SnapshotCompiler.Assemble(1, [compiled]) with { Keys = [GatewayWorld.AccessKey()] };
    }

    /// <summary>What the Catalogue refuses of a document.</summary>
    public static IReadOnlyList<FieldError> Refused(string document)
    {
        var errors = new FieldErrorList();
        DocumentReader.Read(Encoding.UTF8.GetBytes(document), isJson: false, new DocumentContext("default"), errors);
        return errors.All;
    }

    public static Task<GatewayWorld> StartAsync(string example, ScriptedEngine engine, string more = "") => GatewayWorld.StartAsync(Compile(At(example, engine.Address, more)));

    private static StoredResource Store(ResourceKind kind, string name, object spec) => new(
        kind, new ResourceMetadata { Name = name, Namespace = "default", ResourceVersion = "1", CreationTimestamp = DateTimeOffset.UnixEpoch }, spec, null, "test");

    [GeneratedRegex(@"^```yaml\n(?<yaml>.*?)^```$", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Block();

    [GeneratedRegex(@"^metadata: \{ name: (?<name>[a-z-]+) \}$", RegexOptions.Multiline)]
    private static partial Regex Name();

    [GeneratedRegex(@"endpoint: https?://\S+")]
    private static partial Regex Endpoint();
}
