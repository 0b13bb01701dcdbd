using Microsoft.Extensions.Options;
using Orrery.Gateway;

namespace Orrery.Tests.Gateway;

public sealed class ShapeTests
{
    /// <remarks>RequestPipeline.cs is the order; the folder listing tells the same story.</remarks>
    [Fact]
    public void The_folders_sorted_by_name_are_the_requests_way()
    {
        var root = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(root.FullName, "Platform.sln")))
        {
            root = root.Parent ?? throw new InvalidOperationException("The tests run outside of their repository.");
        }

        var gateway = Path.Combine(root.FullName, "Gateway");
        string[] besides = ["Storage", "Tokens"]; // No steps: what several of them may ask.
        string[] steps = ["Api", "Authentication", "Intake", "ModelResolution", "Policy", "Quota", "Routing", "Sending", "Translation", "Usage"];
        Assert.Equal(steps, Directory.GetDirectories(gateway).Select(path => Path.GetFileName(path)!).Except(["bin", "obj", "Properties", ".orrery"]).Except(besides).Order(StringComparer.Ordinal));

        var story = File.ReadAllText(Path.Combine(gateway, "RequestPipeline.cs"));
        string[] calls = ["authenticator.", "intake.", "resolver.", "policy.", "quota.", "planner.", "sender.", "settlement."];
        var places = calls.Select(call => story.IndexOf(call, StringComparison.Ordinal)).ToArray();
        Assert.DoesNotContain(-1, places);
        Assert.Equal(places.Order(), places);
    }

    [Fact]
    public void Wrong_options_are_all_named_at_once()
    {
        var result = new GatewayOptionsValidator().Validate(null, new GatewayOptions
        {
            DataDirectory = " ",
            MaxBodyBytes = 1,
            MaxFormBytes = 2,
            MaxSpooledBytes = 1,
            MaxBufferedBytes = 0,
            MaxJsonDepth = 1,
            MaxAnswerBytes = 1,
            MaxAttempts = 11,
            MaxWaitingUsage = 1,
            ConnectTimeout = TimeSpan.Zero,
            RequestTimeout = TimeSpan.FromDays(2),
            IdleTimeout = TimeSpan.FromSeconds(-1),
            TotalTimeout = TimeSpan.Zero,
            RetryWithin = TimeSpan.Zero,
            MaxRetryWait = TimeSpan.FromMinutes(2),
            UsageInterval = TimeSpan.FromHours(1),
        });
        Assert.Equal(
            [
                "Gateway:DataDirectory is empty; expected a directory that the gateway may write to.",
                "Gateway:MaxBodyBytes is 1; expected 1024 to 1073741824.",
                "Gateway:MaxFormBytes is 2; expected 1024 to 1073741824.",
                "Gateway:MaxSpooledBytes is 1; expected 2 to 9223372036854775807.",
                "Gateway:MaxBufferedBytes is 0; expected 1 to 9223372036854775807.",
                "Gateway:MaxJsonDepth is 1; expected 8 to 1000.",
                "Gateway:MaxAnswerBytes is 1; expected 1024 to 1073741824.",
                "Gateway:MaxAttempts is 11; expected 1 to 10.",
                "Gateway:MaxWaitingUsage is 1; expected 100 to 10000000.",
                "Gateway:RetryWithin is 00:00:00; expected a duration above 00:00:00, at most 1.00:00:00.",
                "Gateway:MaxRetryWait is 00:02:00; expected 00:00:00 to 00:01:00.",
                "Gateway:ConnectTimeout is 00:00:00; expected a duration above 00:00:00, at most 1.00:00:00.",
                "Gateway:RequestTimeout is 2.00:00:00; expected a duration above 00:00:00, at most 1.00:00:00.",
                "Gateway:IdleTimeout is -00:00:01; expected a duration above 00:00:00, at most 1.00:00:00.",
                "Gateway:TotalTimeout is 00:00:00; expected a duration above 00:00:00, at most 1.00:00:00.",
                "Gateway:UsageInterval is 01:00:00; expected 00:00:00 to 00:01:00.",
            ],
            result.Failures);
    }

    [Fact]
    public async Task A_gateway_with_wrong_options_does_not_start()
    {
        await using var world = await GatewayWorld.StartAsync(GatewayWorld.Document());
        var error = await Assert.ThrowsAsync<OptionsValidationException>(async () =>
        {
            await using var second = GatewayHost.Build(
                "--urls=http://127.0.0.1:0", "--Internal:Key=" + GatewayWorld.InternalKey, "--Secrets:Key=" + GatewayWorld.SecretsKey, "--services:catalogue:http:0=http://127.0.0.1:9",
                "--Gateway:MaxAttempts=0", "--Gateway:DataDirectory=" + world.DataDirectory);
            await second.StartAsync();
        });
        Assert.Equal("Gateway:MaxAttempts is 0; expected 1 to 10.", error.Message);
    }
}
