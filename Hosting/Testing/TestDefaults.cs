using System.Security.Cryptography;
using Microsoft.Extensions.Configuration;

namespace Aspire.Hosting.Testing;

/// <summary>What a graph in a test does otherwise: random ports, no API, no progress, state of its own that ends with it.</summary>
internal static class TestDefaults
{
    private const string TemporaryStateKey = "AppHost:TemporaryStateDirectory";

    public static void Apply(DistributedApplicationOptions options)
    {
        // Made when it is first used: many tests only look at a graph.
        var state = Path.Combine(Path.GetTempPath(), $"aspire-test-{RandomNumberGenerator.GetHexString(16, lowercase: true)}");
        options.DisableDashboard = true;
        options.Args =
        [
            "--DcpPublisher:RandomizePorts=true",
            "--AppHost:Progress=false",
            $"--{StateDirectory.ConfigurationKey}={state}",
            $"--{TemporaryStateKey}={state}",
            .. options.Args ?? [],
        ];
    }

    public static void CleanUp(IConfiguration configuration)
    {
        if (configuration[TemporaryStateKey] is { } state && Directory.Exists(state))
        {
            Directory.Delete(state, recursive: true);
        }
    }
}
