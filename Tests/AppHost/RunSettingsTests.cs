using Orrery.Tests.Equality;

namespace Orrery.Tests.AppHost;

/// <summary>What stands in the way of a run is said in the terminal, before anything is started.</summary>
public sealed class RunSettingsTests
{
    private const string Loopback = "Gateway__Egress__AllowLoopback";

    [Theory]
    [InlineData("Production", null, "DOTNET_ENVIRONMENT is 'Production', where the services call no model server on this machine")]
    [InlineData("Staging", "yes", "DOTNET_ENVIRONMENT is 'Staging', where")]
    [InlineData("Production", "false", Loopback + " is 'false', and this graph's model servers are on this machine")]
    [InlineData("Development", "False", Loopback + " is 'false', and")]
    public async Task Services_that_may_not_call_this_machine_are_not_started(string environment, string? loopback, string said)
    {
        var (code, lines) = await RunAsync(environment, loopback, []);
        Assert.Equal(1, code);
        Assert.StartsWith(said, Assert.Single(lines), StringComparison.Ordinal);
        Assert.Contains(loopback == "False" ? "expected true, or nothing" : Loopback, lines[0], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Production", "true")]
    [InlineData("Development", null)]
    [InlineData("development", null)]
    [InlineData("", null)]
    public async Task Services_that_may_are_no_fault(string environment, string? loopback)
    {
        var (code, lines) = await RunAsync(environment, loopback, ["--Parameters:gateway-port=none"]); // Nothing is to be started here.
        Assert.Equal(1, code);
        Assert.StartsWith("Parameters__gateway_port is 'none'", Assert.Single(lines), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task Each_gateway_is_told_how_many_there_are(int replicas)
    {
        var gateway = (await RunViews.ReadAsync(new Addresses(), $"--Parameters:gateway-replicas={replicas}"))["gateway"];
        Assert.Equal(($"{replicas}", $"{replicas}"), (gateway.Replicas, gateway.Environment["Gateway__Quota__LeastReplicas"]));
    }

    [Fact]
    public async Task A_cluster_that_runs_more_scales_from_as_many()
    {
        var folder = Directory.CreateTempSubdirectory("orrery-replicas-").FullName;
        try
        {
            var (code, _, error) = await AppHostProgram.RunAsync(
                new Dictionary<string, string> { ["Parameters__gateway_replicas"] = "12" }, "--operation", "publish", "--step", "publish", "--output-path", folder);
            Assert.True(code == 0, error);
            var values = await File.ReadAllTextAsync(Path.Combine(folder, "values.yaml"), TestContext.Current.CancellationToken);
            Assert.Contains("Gateway__Quota__LeastReplicas: \"12\"", values, StringComparison.Ordinal);
            Assert.Contains("minReplicas: 12", values, StringComparison.Ordinal);
            Assert.Contains("maxReplicas: 12", values, StringComparison.Ordinal);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task<(int Code, string[] Lines)> RunAsync(string environment, string? loopback, string[] arguments)
    {
        var variables = new Dictionary<string, string> { ["DOTNET_ENVIRONMENT"] = environment };
        if (loopback is not null)
        {
            variables[Loopback] = loopback;
        }

        var (code, _, error) = await AppHostProgram.RunAsync(variables, arguments);
        return (code, error.Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }
}
