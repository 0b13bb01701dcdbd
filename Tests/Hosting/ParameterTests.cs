using System.Runtime.Versioning;
using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;

namespace Orrery.Tests.Hosting;

public sealed class ParameterTests
{
    [Theory]
    [InlineData("Parameters:first-key")]
    [InlineData("Parameters:first_key")]
    public async Task A_value_is_found_in_both_spellings(string key)
    {
        var parameter = Graph.Create($"--{key}=given").AddParameter("first-key", secret: true).Resource;
        Assert.Equal("given", await parameter.GetValueAsync(Graph.Soon()));
    }

    [Fact]
    public async Task A_missing_value_is_a_state_and_names_both_spellings()
    {
        var builder = Graph.Create();
        var key = builder.AddParameter("first-key", secret: true);
        builder.AddExecutable("probe", "env", ".").WithEnvironment("KEY", key);
        await using var app = await builder.StartAsync();
        await app.UntilAsync("first-key", KnownResourceStates.ValueMissing);
        await app.UntilAsync("probe", KnownResourceStates.FailedToStart);
        const string expected = "Parameter 'first-key' has no value: set the environment variable Parameters__first_key (or Parameters__first-key), "
            + "or 'Parameters:first-key' in the AppHost's configuration.";
        Assert.Contains(expected, await app.LinesAsync("probe"));
    }

    [Fact]
    [SupportedOSPlatform("linux")]
    public async Task A_generated_value_is_the_same_at_the_next_run_and_readable_by_its_owner_alone()
    {
        var state = Directory.CreateTempSubdirectory("hosting-tests-");
        var folder = Path.Combine(state.FullName, "state");
        var first = Generated(folder);
        var value = await first.GetValueAsync(Graph.Soon());
        Assert.Equal(value, await Generated(folder).GetValueAsync(Graph.Soon()));
        Assert.True(value!.Length >= 22);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(folder, "secrets.json")));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(folder));
        state.Delete(recursive: true);
    }

    [Fact]
    public async Task Many_values_generated_at_once_are_all_remembered()
    {
        var folder = Path.Combine(Path.GetTempPath(), $"hosting-tests-{Guid.CreateVersion7():N}");
        string[] names = [.. Enumerable.Range(0, 40).Select(n => $"key-{n}")];
        var first = await Task.WhenAll(names.Select(name => Task.Run(async () => await Generated(folder, name).GetValueAsync(Graph.Soon()))));
        var second = await Task.WhenAll(names.Select(async name => await Generated(folder, name).GetValueAsync(Graph.Soon())));
        Assert.Equal(first, second);
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task A_configured_value_wins_over_a_generated_one()
    {
        var builder = Graph.Create("--Parameters:key=mine");
        var key = builder.AddParameter("key", new GenerateParameterDefault { MinLength = 30 }, secret: true).Resource;
        Assert.Equal("mine", await key.GetValueAsync(Graph.Soon()));
    }

    [Fact]
    public void A_generated_value_has_what_was_demanded()
    {
        var value = new GenerateParameterDefault { MinLength = 40, Special = false, MinNumeric = 10, MinUpper = 5 }.GetDefaultValue();
        Assert.Equal(40, value.Length);
        Assert.All(value, letter => Assert.True(char.IsAsciiLetterOrDigit(letter)));
        Assert.True(value.Count(char.IsAsciiDigit) >= 10);
        Assert.True(value.Count(char.IsAsciiLetterUpper) >= 5);
    }

    [Fact]
    public void A_secret_is_never_published_as_a_default() =>
        Assert.Throws<ArgumentException>(() => Graph.Create().AddParameter("p", "v", publishValueAsDefault: true, secret: true));

    [Fact]
    public void State_lives_beside_the_solution_unless_configured()
    {
        var root = Directory.CreateTempSubdirectory("hosting-tests-");
        File.WriteAllText(Path.Combine(root.FullName, "A.sln"), "");
        var host = root.CreateSubdirectory("a/host");
        var configuration = new Microsoft.Extensions.Configuration.ConfigurationManager();
        Assert.Equal(Path.Combine(root.FullName, ".orrery"), StateDirectory.Of(configuration, host.FullName).Path);
        configuration["AppHost:StateDirectory"] = "../mine";
        Assert.Equal(Path.Combine(root.FullName, "a", "mine"), StateDirectory.Of(configuration, host.FullName).Path);
        root.Delete(recursive: true);
    }

    private static ParameterResource Generated(string folder, string name = "key") =>
        Graph.Create($"--AppHost:StateDirectory={folder}").AddParameter(name, new GenerateParameterDefault(), secret: true).Resource;
}
