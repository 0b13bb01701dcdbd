namespace Orrery.Tests.Hosting.Publishing;

/// <summary>The manifest of this graph.</summary>
public sealed class AppHostManifestTests : IDisposable
{
    private static readonly string Committed = Path.Combine(Repository.Root, "aspire-manifest.json");

    private readonly string _folder = Directory.CreateTempSubdirectory("orrery-manifest-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task It_keeps_the_rules()
    {
        Assert.Empty(ManifestRules.Findings(await WriteAsync()));
    }

    [Fact]
    public async Task The_committed_one_is_current()
    {
        // Paths are relative to the file: it is written beside the committed one.
        var fresh = Path.Combine(Repository.Root, $"fresh-{Environment.ProcessId}.json");
        try
        {
            var run = await AppHostProcess.RunAsync(["--publisher", "manifest", "--output-path", fresh]);
            Assert.True(run.ExitCode == 0, run.Errors);
            Assert.True(
                await File.ReadAllTextAsync(fresh, TestContext.Current.CancellationToken) == await File.ReadAllTextAsync(Committed, TestContext.Current.CancellationToken),
                "aspire-manifest.json is stale. Renew it: dotnet run --project AppHost -- --publisher manifest --output-path ../aspire-manifest.json");
        }
        finally
        {
            File.Delete(fresh);
        }
    }

    [Fact]
    public async Task Another_user_in_another_country_writes_the_same_bytes()
    {
        var here = await WriteAsync();
        var there = await WriteAsync(new()
        {
            ["HOME"] = _folder, ["USER"] = "somebody", ["LANG"] = "tr_TR.UTF-8", ["LC_ALL"] = "tr_TR.UTF-8", ["TZ"] = "Pacific/Chatham",
            ["DOTNET_ENVIRONMENT"] = "Production", ["ASPNETCORE_URLS"] = "http://localhost:1", ["ASPIRE_DASHBOARD_OTLP_ENDPOINT_URL"] = "http://localhost:2",
        });

        Assert.Equal(here, there);
    }

    [Fact]
    public async Task No_secret_is_read_made_or_written()
    {
        var secrets = new[] { "first_key", "internal_key", "secrets_key", "postgres_password", "redis_password" };
        var state = Path.Combine(_folder, "state");
        var environment = secrets.ToDictionary(name => $"Parameters__{name}", name => $"leaked-{name}-0123456789");
        environment["AppHost__StateDirectory"] = state;

        var text = await WriteAsync(environment);

        Assert.DoesNotContain("leaked", text, StringComparison.Ordinal);
        Assert.False(Directory.Exists(state), "Publishing wrote into the state directory.");
    }

    private async Task<string> WriteAsync(Dictionary<string, string>? environment = null)
    {
        var path = Path.Combine(_folder, "manifest.json");
        var run = await AppHostProcess.RunAsync(["--publisher", "manifest", "--output-path", path], environment);
        Assert.True(run.ExitCode == 0, run.Errors);
        Assert.DoesNotContain("leaked", run.Output + run.Errors, StringComparison.Ordinal);
        return await File.ReadAllTextAsync(path, TestContext.Current.CancellationToken);
    }
}
