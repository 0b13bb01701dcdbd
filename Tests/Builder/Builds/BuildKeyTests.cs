using Orrery.Builder.Builds;
using Orrery.Contracts;

namespace Orrery.Tests.Builder.Builds;

/// <summary>The same recipe has the same key, and any other has another.</summary>
public sealed class BuildKeyTests
{
    private static readonly ImageRecipe Recipe = new() { ModelId = "m", Dockerfile = "FROM a", Files = new Dictionary<string, string> { ["a"] = "1", ["b"] = "2" }, Fingerprint = "f" };

    private static readonly Dictionary<string, string> None = [];

    [Fact]
    public void The_key_follows_from_all_that_goes_in_and_from_nothing_else()
    {
        var key = BuildKey.Of(Recipe, None);
        Assert.Matches("^[0-9a-f]{64}$", key);
        Assert.Equal(key, BuildKey.Of(Recipe with { ModelId = "other", Fingerprint = "g", Files = new Dictionary<string, string> { ["b"] = "2", ["a"] = "1" } }, None));
        string[] others =
        [
            BuildKey.Of(Recipe with { Dockerfile = "FROM b" }, None),
            BuildKey.Of(Recipe with { Files = new Dictionary<string, string> { ["a"] = "1", ["b"] = "3" } }, None),
            BuildKey.Of(Recipe with { Files = new Dictionary<string, string> { ["a1"] = "", ["b"] = "2" } }, None),
            BuildKey.Of(Recipe with { Dockerfile = "FROM aa1b2", Files = None }, None),
            BuildKey.Of(Recipe, new Dictionary<string, string> { ["a"] = "sha256:1" }),
            key,
        ];
        Assert.Equal(others.Length, others.Distinct().Count());
    }

    [Theory]
    [InlineData("qwen3-8b", "qwen3-8b")]
    [InlineData("Qwen/Qwen3-8B", "qwen-qwen3-8b")]
    [InlineData("llama-3.1--8b_", "llama-3.1-8b")]
    [InlineData("..", "model")]
    [InlineData("Müller", "m-ller")]
    public void A_repository_is_named_after_its_model(string model, string name)
    {
        Assert.Equal(name, RepositoryNames.Of(model));
        Assert.NotNull(Orrery.ServiceDefaults.Registries.ImageReference.Parse($"registry.example.com/{name}:1"));
    }
}
