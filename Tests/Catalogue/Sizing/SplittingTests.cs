using System.Text.Json;
using Orrery.Catalogue.Entries;
using Orrery.Catalogue.Sizing;
using Orrery.Contracts;

namespace Orrery.Tests.Catalogue.Sizing;

/// <summary>Over how many GPUs a copy is split where they are no power of two, and what is reckoned at the edges.</summary>
public sealed class SplittingTests
{
    private static readonly ModelSpec Own = new()
    {
        Id = "a",
        ModelType = "chat",
        Engine = "vllm",
        Repo = "a/a",
        Parameters = new ParameterCount(8.03e9),
        Weights = ByteSize.FromGigabytes(16.06),
        Dtype = "bf16",
        ContextWindow = 131_072,
        Architecture = new ModelArchitecture { Layers = 32, Heads = 32, KvHeads = 8, HeadSize = 128 },
    };

    [Fact]
    public void As_many_GPUs_as_there_are_are_tried_too()
    {
        var fit = Fitting.Of(BuiltInEntries.Find("phi-4")!.Spec, Offer("12GB", 5), new FitQuestion(8_192)); // 40 heads, 10 KV heads
        Assert.Equal((true, 5), (fit.Fits, fit.Gpus));
    }

    [Theory]
    [InlineData("a100-40", 6, "Its 64 attention heads cannot be divided by 6 GPUs.")]
    [InlineData("l4", 7, "Its 64 attention heads cannot be divided by 7 GPUs.")]
    public void Where_heads_do_not_divide_it_is_said(string gpu, int count, string reason) =>
        Assert.Contains(reason, Fitting.Of(BuiltInEntries.Find("qwen2.5-72b-instruct")!.Spec, new GpuOffer(Hardware.Gpus[gpu], count), new FitQuestion()).Reasons);

    [Fact]
    public void Latent_attention_without_heads_is_not_split_over_any_number()
    {
        var model = Own with { Architecture = new ModelArchitecture { Layers = 61, Latent = 576 } };
        Assert.Contains("attention heads are not known", Splitting.WhyNot(model, 7), StringComparison.Ordinal);
        Assert.Null(Splitting.WhyNot(model, 8));
    }

    [Fact]
    public void The_longest_window_fits_no_less_than_a_shorter_one()
    {
        int Context(int window) => Fitting.Of(Own with { ContextWindow = window, MaxModelLength = window }, Offer("80GB", 1), new FitQuestion()).Context;
        Assert.Equal(Context(1_000_000), Context(int.MaxValue));
    }

    [Theory]
    [InlineData("--dtype", "float32", 2, 2)]
    [InlineData("--dtype", "bfloat16", 1, 1)]
    [InlineData("--kv-cache-dtype", "fp8", 1, 0.5)]
    public void What_the_server_is_told_to_compute_in_takes_its_room(string flag, string value, double weights, double cache)
    {
        MemoryEstimate Of(ModelSpec model) => MemoryEstimator.Estimate(model, ByteSize.FromGigabytes(80), 1, 8_192);
        var told = Of(Own with { Arguments = new Dictionary<string, JsonElement> { [flag] = JsonSerializer.SerializeToElement(value) } });
        Assert.Equal((weights, cache), (told.Weights.Bytes / (double)Of(Own).Weights.Bytes, told.Cache.Bytes / (double)Of(Own).Cache.Bytes));
    }

    [Fact]
    public void Of_two_spellings_the_last_counts_as_it_does_for_the_server()
    {
        var model = Own with { Arguments = new Dictionary<string, JsonElement> { ["--kv-cache-dtype"] = JsonElement.Parse("\"fp8\""), ["--kv_cache_dtype"] = JsonElement.Parse("\"auto\"") } };
        Assert.Equal(MemoryEstimator.BytesPerToken(Own, 1), MemoryEstimator.BytesPerToken(model, 1));
    }

    private static GpuOffer Offer(string memory, int count) => new(new Gpu("a GPU", ByteSize.TryParse(memory, out var size) ? size : default, "9.0") { Id = memory }, count);
}
