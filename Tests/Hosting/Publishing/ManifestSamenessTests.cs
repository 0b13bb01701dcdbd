using System.Globalization;
using Aspire.Hosting;

namespace Orrery.Tests.Hosting.Publishing;

/// <summary>The same graph is the same file, byte for byte.</summary>
public sealed class ManifestSamenessTests
{
    [Fact]
    public async Task Two_checkouts_at_different_paths_write_the_same()
    {
        using var one = new ManifestOf();
        using var other = new ManifestOf();
        Assert.NotEqual(one.Folder, other.Folder);
        Assert.Equal(await WriteAsync(one, "5001"), await WriteAsync(other, "5002"));
    }

    [Fact]
    public async Task The_culture_makes_no_difference()
    {
        var former = CultureInfo.CurrentCulture;
        var strange = (CultureInfo)CultureInfo.InvariantCulture.Clone();
        strange.NumberFormat.NegativeSign = "minus";
        strange.NumberFormat.NumberGroupSeparator = "_";
        strange.NumberFormat.NumberDecimalSeparator = ",";
        try
        {
            using var one = new ManifestOf();
            var usual = await WriteAsync(one, "5001");
            CultureInfo.CurrentCulture = strange;
            Assert.Equal(usual, await WriteAsync(one, "5001"));
            Assert.Contains("\"-7\"", usual, StringComparison.Ordinal);
            Assert.Contains("\"2.5\"", usual, StringComparison.Ordinal);
        }
        finally
        {
            CultureInfo.CurrentCulture = former;
        }
    }

    // The port of a launch profile is the developer's, not the deployment's.
    private static Task<string> WriteAsync(ManifestOf checkout, string port)
    {
        checkout.AddProject("src/Api/Api.csproj", $"http://localhost:{port}");
        return checkout.WriteAsync(graph =>
        {
            var redis = graph.AddRedis("redis").WithDataVolume("redis-data");
            var api = graph.AddProject("api", "../src/Api/Api.csproj").WithReference(redis);
            graph.AddExecutable("tool", "x", "../tool", -7, 2.5).WithReference(api);
            graph.AddContainer("box", "a", "1").WithBindMount("../config", "/config");
        });
    }
}
