using System.Security.Cryptography;
using System.Text.Json;

namespace Orrery.Tests.Hosting.Publishing;

/// <summary>The manifest of the repository's own graph, written by the program that users run.</summary>
public sealed class AppHostManifestTests : IDisposable
{
    private const string Renew = "dotnet run --project AppHost -- --publisher manifest --output-path ../aspire-manifest.json";

    // Three folders below the root, where no version control looks: paths in the manifest begin with ../../../ there.
    private const string ToRoot = "../../../";
    private readonly DirectoryInfo _folder = Directory.CreateDirectory(Path.Combine(AppHostProgram.Folder, "obj", $"manifest-tests-{RandomNumberGenerator.GetHexString(8, lowercase: true)}"));

    [Fact]
    public async Task It_keeps_every_rule()
    {
        var manifest = await WriteAsync("plain", []);
        Assert.Empty(ManifestRules.Faults(manifest));
        Assert.Contains("gateway", ManifestOf.Names(manifest));
        Assert.DoesNotContain("container.v1", manifest, StringComparison.Ordinal);
        Assert.DoesNotContain("project.v1", manifest, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_committed_file_is_what_the_graph_is_now()
    {
        var now = (await WriteAsync("plain", [])).Replace(ToRoot, "", StringComparison.Ordinal);
        var committed = await File.ReadAllTextAsync(Path.Combine(Repository.Root, "aspire-manifest.json"), Graph.Soon());
        Assert.True(now == committed, $"aspire-manifest.json is not what the AppHost writes now. Renew it with:\n  {Renew}");
    }

    [Fact]
    public async Task Who_writes_it_where_and_in_what_language_makes_no_difference()
    {
        var usual = await WriteAsync("one", []);
        var home = _folder.CreateSubdirectory("home").FullName;
        var other = await WriteAsync("other", new()
        {
            ["HOME"] = home,
            ["USER"] = "somebody",
            ["HOSTNAME"] = "elsewhere",
            ["LANG"] = "tr_TR.UTF-8",
            ["LC_ALL"] = "tr_TR.UTF-8",
            ["DOTNET_SYSTEM_GLOBALIZATION_PREDEFINED_CULTURES_ONLY"] = "false",
            ["TZ"] = "Pacific/Kiritimati",
            ["DOTNET_ENVIRONMENT"] = "Development",
            ["DOTNET_LAUNCH_PROFILE"] = "AppHost",
            ["ASPNETCORE_URLS"] = "http://localhost:9999",
            ["ASPNETCORE_HTTP_PORTS"] = "9998",
            ["HTTP_PORTS"] = "9997",
            ["ASPIRE_DASHBOARD_OTLP_ENDPOINT_URL"] = "http://localhost:9996",
            ["ASPIRE_CONTAINER_RUNTIME"] = "nowhere",
            ["AppHost__RandomizePorts"] = "true",
        });
        Assert.Equal(usual, other);
        Assert.Empty(Directory.GetFileSystemEntries(home));
    }

    [Fact]
    public async Task No_secret_is_read_made_or_shown()
    {
        var secrets = Secrets(await WriteAsync("plain", []));
        Assert.NotEmpty(secrets);
        var values = secrets.ToDictionary(name => name, _ => "value-" + RandomNumberGenerator.GetHexString(24, lowercase: true));
        var state = Path.Combine(_folder.FullName, "state");
        var environment = new Dictionary<string, string> { ["AppHost__StateDirectory"] = state };
        foreach (var (name, value) in values)
        {
            environment[$"Parameters__{name}"] = value;
            environment[$"Parameters__{name.Replace('-', '_')}"] = value;
        }

        var output = Path.Combine(_folder.FullName, "secret.json");
        var (code, text, error) = await AppHostProgram.RunAsync(environment, "--publisher", "manifest", "--output-path", output);
        Assert.Equal(0, code);
        var manifest = await File.ReadAllTextAsync(output, Graph.Soon());
        Assert.All(values.Values, value => Assert.DoesNotContain(value, manifest + text + error, StringComparison.Ordinal));
        Assert.Equal(await WriteAsync("plain", []), manifest);
        Assert.False(Directory.Exists(state));
    }

    [Theory]
    [InlineData("--publisher manifest", "needs --output-path")]
    [InlineData("--operation publish --step dance", "--step dance is not known")]
    [InlineData("--operation sell", "--operation sell is not known")]
    public async Task A_refusal_is_one_line_and_exit_code_1(string line, string part)
    {
        var (code, output, error) = await AppHostProgram.RunAsync(new Dictionary<string, string>(), line.Split(' '));
        Assert.Equal(1, code);
        Assert.Empty(output);
        Assert.Contains(part, Assert.Single(error.Split('\n', StringSplitOptions.RemoveEmptyEntries)), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--operation publish --output-pat x", "--output-pat is no option of the AppHost")]
    [InlineData("--operation publish --step publish --output-path", "--output-path has no value.")]
    [InlineData("--operation --output-path x", "--operation has no value.")]
    [InlineData("-o x", "'-o' means nothing here")]
    [InlineData("-- --operation publish", "'--' means nothing here")]
    [InlineData("--operation publish --output-path x foo", "'foo' means nothing here")]
    public async Task A_word_that_means_nothing_starts_nothing(string line, string part)
    {
        var (code, output, error) = await AppHostProgram.RunAsync(new Dictionary<string, string>(), line.Split(' '));
        Assert.Equal((2, ""), (code, output));
        var said = Assert.Single(error.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.Contains(part, said, StringComparison.Ordinal);
        Assert.EndsWith("See --help.", said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_parameter_that_the_graph_does_not_have_is_refused()
    {
        var (code, _, error) = await AppHostProgram.RunAsync(new Dictionary<string, string>(), "--Parameters:gateway-prot=9", "--publisher", "manifest", "--output-path", _folder.FullName);
        Assert.Equal(1, code);
        Assert.StartsWith("--Parameters:gateway-prot is no parameter of the graph; it has catalogue-port, console-port,", error, StringComparison.Ordinal);
        Assert.Empty(_folder.EnumerateFiles());
    }

    [Theory]
    [InlineData("--operation publish --help")]
    [InlineData("--help")]
    [InlineData("-h")]
    public async Task Help_names_what_can_be_published(string argument)
    {
        var (code, output, error) = await AppHostProgram.RunAsync(new Dictionary<string, string>(), argument.Split(' '));
        Assert.Equal((0, ""), (code, error));
        Assert.Contains("--publisher manifest --output-path FILE", output, StringComparison.Ordinal);
        Assert.Contains("--operation publish --step publish --output-path FOLDER", output, StringComparison.Ordinal);
    }

    public void Dispose() => _folder.Delete(recursive: true);

    private async Task<string> WriteAsync(string name, Dictionary<string, string> environment)
    {
        var path = Path.Combine(_folder.FullName, name + ".json");
        var relative = Path.GetRelativePath(AppHostProgram.Folder, path);
        var (code, output, error) = await AppHostProgram.RunAsync(environment, "--publisher", "manifest", "--output-path", relative);
        Assert.Equal("", error);
        Assert.Equal(0, code);
        Assert.Matches($@"^Wrote {name}\.json \([1-9][0-9]* resources\)\n$", output);
        return await File.ReadAllTextAsync(path, Graph.Soon());
    }

    private static List<string> Secrets(string manifest)
    {
        using var document = JsonDocument.Parse(manifest);
        return
        [
            .. document.RootElement.GetProperty("resources").EnumerateObject()
                .Where(entry => entry.Value.TryGetProperty("inputs", out var inputs) && inputs.GetProperty("value").TryGetProperty("secret", out _))
                .Select(entry => entry.Name),
        ];
    }
}
