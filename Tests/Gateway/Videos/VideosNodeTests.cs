using System.Security.Cryptography;
using System.Text.Json;
using Orrery.Contracts;
using Orrery.Tests.Gateway.Clients;

namespace Orrery.Tests.Gateway.Videos;

/// <summary>OpenAI's client for JavaScript makes videos through the gateway (Tests/Node).</summary>
public sealed class VideosNodeTests(PostgresServer postgres)
{
    [Fact]
    public async Task Openais_client_makes_fetches_lists_and_deletes_videos()
    {
        await using var slow = await JobEngine.StartAsync();
        await using var world = await VideoWorld.StartAsync(postgres, document => document with
        {
            Providers = [.. document.Providers, GatewayWorld.Provider("slow", slow.Server.Url)],
            Models = [.. document.Models, GatewayWorld.Model("slow", ModelTypes.VideoGeneration, "slow")],
        });
        foreach (var engine in new[] { world.Engine, world.Plain })
        {
            engine.Before = http =>
            {
                engine.Set(engine.Asked % 2 == 0 ? "in_progress" : "completed", 50); // Each job is seen on its way once.
                return Task.FromResult(false);
            };
        }

        var told = await NodeScript.RunAsync("videos.mjs", "openai", ("OPENAI_BASE_URL", world.World.Address + "/v1"), ("OPENAI_API_KEY", GatewayWorld.Key));
        var hash = Convert.ToHexStringLower(SHA256.HashData(JobEngine.Bytes));
        foreach (var (name, model) in new[] { ("video", "video"), ("picture", "video"), ("plain", "plain") })
        {
            Assert.Equal(
                $$"""{"created":"queued","status":"completed","progress":100,"model":"{{model}}","seconds":"8","bytes":300000,"sha256":"{{hash}}","listed":true,"deleted":true,"gone":404}""",
                told.GetProperty(name).GetRawText());
        }

        Assert.Equal(("ConflictError", 409, "video_not_ready"), Error(told.GetProperty("early")));
        Assert.Equal(("BadRequestError", 400, "wrong_model_type"), Error(told.GetProperty("wrongModel")));
        Assert.Equal(("BadRequestError", 400, "invalid_value"), Error(told.GetProperty("wrongSeconds")));
        Assert.Equal(("NotFoundError", 404, "video_not_found"), Error(told.GetProperty("unknown")));
    }

    private static (string? Name, int Status, string? Code) Error(JsonElement error) =>
        (error.GetProperty("name").GetString(), error.GetProperty("status").GetInt32(), error.GetProperty("code").GetString());
}
