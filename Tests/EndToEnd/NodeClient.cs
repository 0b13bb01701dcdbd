using System.Diagnostics;
using System.Text.Json;

namespace Orrery.Tests.EndToEnd;

/// <summary>Runs <c>Tests/Node/client.mjs</c>: the official OpenAI client for JavaScript.</summary>
internal static class NodeClient
{
    public static async Task<JsonElement> Ask(RunningGraph graph)
    {
        var start = new ProcessStartInfo("node", ["client.mjs"])
        {
            WorkingDirectory = Path.Combine(Repository.Root, "Tests", "Node"),
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["OPENAI_BASE_URL"] = new Uri(graph.Gateway, "/v1").ToString();
        start.Environment["OPENAI_API_KEY"] = RunningGraph.FirstKey;
        start.Environment["CHAT_MODEL"] = RunningGraph.ChatModel;
        start.Environment["EMBEDDING_MODEL"] = RunningGraph.EmbeddingModel;

        using var node = Process.Start(start)!;
        var output = node.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        var errors = node.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await node.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.True(node.ExitCode == 0, $"node client.mjs ended with {node.ExitCode}: {await errors}");
        return JsonDocument.Parse(await output).RootElement;
    }
}
