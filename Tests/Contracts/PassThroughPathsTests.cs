using Orrery.Contracts;

namespace Orrery.Tests.Contracts;

public sealed class PassThroughPathsTests
{
    [Theory]
    [InlineData("/tokenize")]
    [InlineData("/detokenize")]
    [InlineData("/classify")]
    [InlineData("/v1/pooling")]
    [InlineData("/inference/v1/generate")]
    [InlineData("/generate_stream")]
    public void A_path_that_asks_a_model_may_be_opened(string path) => Assert.Null(PassThroughPaths.Check(path));

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("/")]
    [InlineData("tokenize")]
    [InlineData("/tokenize/")]
    [InlineData("//tokenize")]
    [InlineData("/a/../sleep")]
    [InlineData("/a?b=c")]
    [InlineData("/a%2fb")]
    [InlineData("http://elsewhere/tokenize")]
    public void What_is_no_plain_path_is_refused(string? path) => Assert.NotNull(PassThroughPaths.Check(path));

    /// <remarks>vLLM 0.15's dev and LoRA endpoints, SGLang's, Triton's and Ollama's.</remarks>
    [Theory]
    [InlineData("/v1/load_lora_adapter")]
    [InlineData("/v1/unload_lora_adapter")]
    [InlineData("/sleep")]
    [InlineData("/wake_up")]
    [InlineData("/reset_prefix_cache")]
    [InlineData("/collective_rpc")]
    [InlineData("/pause")]
    [InlineData("/scale_elastic_ep")]
    [InlineData("/start_profile")]
    [InlineData("/init_weight_transfer_engine")]
    [InlineData("/update_weights_from_disk")]
    [InlineData("/invocations")]
    [InlineData("/Metrics")]
    [InlineData("/flush_cache")]
    [InlineData("/abort_request")]
    [InlineData("/v2/repository/models/x/load")]
    [InlineData("/api/delete")]
    public void What_runs_the_server_is_refused_by_its_word(string path) =>
        Assert.EndsWith("runs the server", PassThroughPaths.Check(path), StringComparison.Ordinal);

    [Fact]
    public void A_provider_names_the_path_that_is_wrong()
    {
        var spec = new ModelProviderSpec { Provider = "vllm", Endpoint = "http://h", AllowedModels = ["a"], PassThrough = ["/tokenize", "/sleep"] };
        var errors = new FieldErrors();
        spec.Validate(errors);
        var error = Assert.Single(errors.All);
        Assert.Equal(("spec.passThrough[1]", "/sleep", "a path that asks a model; 'sleep' runs the server"), (error.Path, error.Value, error.Expectation));
    }
}
