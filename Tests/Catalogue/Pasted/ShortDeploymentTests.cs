using Orrery.Contracts;

namespace Orrery.Tests.Catalogue.Pasted;

public sealed class ShortDeploymentTests
{
    [Fact]
    public void A_short_document_is_a_deployment_in_either_spelling()
    {
        const string Text =
            """
            name: chat
            model: qwen3-8b
            server: vllm
            gpu: { type: l4, count: 1 }
            cache: shared_volume
            autoscaling: { metric: rps, min_replicas: 1, max_replicas: 4, scale_to_zero_after: 30m }
            """;
        var reading = PastedReading.Of(Text).WithoutErrors();
        var spec = (ModelDeploymentSpec)reading.Find(ResourceKind.ModelDeployment, "chat").Spec;
        Assert.Equal(("qwen3-8b", "vllm", "l4", 1, "shared_volume"), (spec.Model, spec.Server, spec.Gpu!.Type, spec.Gpu.Count, spec.Cache));
        Assert.Equal(("rps", 1, 4, TimeSpan.FromMinutes(30)), (spec.Autoscaling!.Metric, spec.Autoscaling.MinReplicas, spec.Autoscaling.MaxReplicas, spec.Autoscaling.ScaleToZeroAfter?.Value));

        var json = PastedReading.Of("""{"name":"tiny","entry":{"id":"own/tiny","modelType":"chat","engine":"custom"},"image":"tiny:1","replicas":2}""").WithoutErrors();
        Assert.Equal(2, ((ModelDeploymentSpec)json.Find(ResourceKind.ModelDeployment, "tiny").Spec).Replicas);
    }

    [Theory]
    [InlineData("model: m\ngpu: { count: 1 }", "name", "required: what the deployment is called")]
    [InlineData("name: My Chat\nmodel: m", "name", "")]
    [InlineData("name: a\nmodel: m\nserver: vlm", "server", "one of ")]
    [InlineData("name: a\nmodel: m\nautoscaling: { min_replicas: 3, max_replicas: 2 }", "autoscaling.max_replicas", "minReplicas to 1000")]
    [InlineData("name: a\nmodel: m\ngpu: { typ: l4 }", "gpu.typ", "a known field of gpu: count, type")]
    public void Errors_name_the_field_as_it_was_written(string text, string path, string expectation)
    {
        var error = Assert.Single(PastedReading.Of(text).Errors);
        Assert.Equal(path, error.Path);
        Assert.StartsWith(expectation, error.Expectation, StringComparison.Ordinal);
    }
}
