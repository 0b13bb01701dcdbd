using System.Diagnostics;
using System.Text.Json;

namespace Orrery.Tests.Gateway.Clients;

/// <summary>Runs a script of <c>Tests/Node</c>, which prints one JSON object.</summary>
internal static class NodeScript
{
    private static readonly string Folder = Path.Combine(Repository.Root, "Tests", "Node");

    /// <param name="script">Its file.</param>
    /// <param name="package">What it needs; the test is skipped where that is not installed.</param>
    public static async Task<JsonElement> RunAsync(string script, string package, params (string Name, string Value)[] environment)
    {
        Assert.SkipUnless(Directory.Exists(Path.Combine(Folder, "node_modules", package)), $"Tests/Node has no {package}: npm ci --prefix Tests/Node");
        var start = new ProcessStartInfo("node", [script]) { WorkingDirectory = Folder, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        using var node = Process.Start(start) ?? throw new InvalidOperationException("node did not start.");
        using var late = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        late.CancelAfter(TimeSpan.FromMinutes(2));
        var (output, errors) = (node.StandardOutput.ReadToEndAsync(late.Token), node.StandardError.ReadToEndAsync(late.Token));
        try
        {
            await node.WaitForExitAsync(late.Token);
        }
        catch (OperationCanceledException)
        {
            node.Kill();
            throw;
        }

        Assert.True(node.ExitCode == 0, $"node {script} ended with {node.ExitCode}: {await errors}");
        return JsonDocument.Parse(await output).RootElement;
    }
}
