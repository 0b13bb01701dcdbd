using Orrery.Catalogue.Entries;
using Orrery.Catalogue.Sizing;
using Orrery.Contracts;

namespace Orrery.Tests.Catalogue.Sizing;

/// <summary>The arithmetic of memory beside the figures that models' own documentation and vLLM's recipes give (docs/catalogue.md has the table).</summary>
public sealed class MemoryTests
{
    /// <summary>Memory over all GPUs, as published: the least that is asked for, so without much of a cache.</summary>
    [Theory]
    [InlineData("qwen3-8b", 20, 1)]
    [InlineData("qwen3-32b", 77, 1)]
    [InlineData("seed-oss-36b-instruct", 86, 1)]
    [InlineData("minimax-m2.1", 276, 4)]
    [InlineData("internvl3.5-8b", 19, 1)]
    [InlineData("llama-3.1-8b", 20, 1)]
    [InlineData("llama-3.3-70b-instruct", 170, 4)]
    [InlineData("phi-4-reasoning", 34, 1)]
    [InlineData("ministral-3-14b-instruct", 17, 1)]
    [InlineData("kimi-linear-48b-a3b-instruct", 115, 2)]
    [InlineData("nemotron-nano-9b-v2", 22, 1)]
    [InlineData("gpt-oss-20b", 16, 1)]
    [InlineData("step-3.5-flash", 470, 8)]
    [InlineData("glm-4.6", 428, 8)]
    [InlineData("deepseek-v3.1", 805, 8)]
    [InlineData("qwen2.5-vl-72b-instruct", 173, 4)]
    public void What_is_reckoned_is_near_what_is_published(string id, double published, int gpus)
    {
        var model = BuiltInEntries.Find(id)!.Spec;
        var estimate = MemoryEstimator.Estimate(model, ByteSize.FromGigabytes(80), gpus, tokens: 8_192);
        Assert.InRange(estimate.Needed.Gigabytes * gpus / published, 0.8, 1.15);
    }

    /// <summary>Bytes that a token's keys and values take, by hand from the published architectures.</summary>
    [Theory]
    [InlineData("llama-3.1-8b", 1, 131_072)] // 2 × 32 layers × 8 heads × 128 × 2 bytes
    [InlineData("llama-3.1-70b-instruct", 1, 327_680)] // 2 × 80 × 8 × 128 × 2
    [InlineData("llama-3.1-70b-instruct", 4, 81_920)]
    [InlineData("qwen3-30b-a3b", 8, 24_576)] // 4 KV heads on 8 GPUs: each head twice
    [InlineData("deepseek-v3.1", 8, 70_272)] // 61 × 576 × 2, whole on each GPU
    [InlineData("minimax-m2.1", 1, 253_952)] // its guide says 240 GB (GiB, then 236) a million tokens
    public void A_token_takes_what_its_architecture_says(string id, int gpus, double bytes) => Assert.Equal(bytes, MemoryEstimator.BytesPerToken(BuiltInEntries.Find(id)!.Spec, gpus));

    [Fact]
    public void Sliding_windows_stop_growing()
    {
        var gemma = BuiltInEntries.Find("gemma-3-27b-it")!.Spec;
        long Cache(long tokens) => MemoryEstimator.Estimate(gemma, ByteSize.FromGigabytes(80), 1, tokens).Cache.Bytes;
        var perToken = MemoryEstimator.BytesPerToken(gemma, 1);
        Assert.True(Cache(1_024) > perToken * 1_024 * 5, "Up to the window every layer keeps all.");
        Assert.Equal(perToken * 10_000, Cache(30_000) - Cache(20_000), 1.0);
    }

    [Fact]
    public void Without_an_architecture_it_is_rough_and_says_so()
    {
        var model = new ModelSpec { Id = "x", ModelType = ModelTypes.Chat, Engine = "vllm", Weights = ByteSize.FromGigabytes(16), Parameters = new ParameterCount(8e9), Dtype = "bf16", ContextWindow = 8192 };
        var fit = Fitting.Of(model, new GpuOffer(Hardware.Gpus["l4"], 1), new FitQuestion());
        Assert.True(fit.Fits && fit.Memory!.IsRough);
        Assert.Contains(fit.Reasons, reason => reason.Contains("rule of thumb", StringComparison.Ordinal));
    }

    [Fact]
    public void Unsplit_it_does_not_fit_and_split_it_does()
    {
        var llama = BuiltInEntries.Find("llama-3.3-70b-instruct")!.Spec;
        var one = Fitting.Of(llama, new GpuOffer(Hardware.Gpus["h100-80"], 1), new FitQuestion(8_192));
        Assert.False(one.Fits);
        Assert.Matches(@"^It needs 14\d\.\d GB \(141\.1 GB weights, .* GB to work in, .* GB cache for 8,192 tokens\) and may use 77\.0 GB of the 85\.5 GB of NVIDIA H100\.$", one.Reasons[0]);
        var four = Fitting.Of(llama, new GpuOffer(Hardware.Gpus["h100-80"], 4), new FitQuestion(131_072));
        Assert.Equal((true, 4, 131_072), (four.Fits, four.Gpus, four.Context));
    }

    [Fact]
    public void More_requests_at_once_leave_each_less_context()
    {
        var model = BuiltInEntries.Find("qwen3-8b")!.Spec;
        var offer = new GpuOffer(Hardware.Gpus["l4"], 1);
        var (one, four) = (Fitting.Of(model, offer, new FitQuestion()), Fitting.Of(model, offer, new FitQuestion(Concurrency: 4)));
        Assert.InRange(four.Context, (one.Context / 4) - 1_024, (one.Context / 4) + 1_024);
        Assert.False(Fitting.Of(model, offer, new FitQuestion(Context: 40_960)).Fits);
    }

    [Theory]
    [InlineData("qwen3-14b", "a100-3g.20gb", 2, "not split over parts of GPUs")]
    [InlineData("qwen2.5-7b-instruct", "t4", 4, "no bf16")]
    [InlineData("qwen3-coder-next", "h100-80", 2, "GB cache")]
    [InlineData("whisper-large-v3", "l4", 0, null)]
    [InlineData("deepseek-v3.2", "rtx-pro-6000", 8, "It runs on h100-80")]
    public void Why_not_is_said(string id, string gpu, int count, string? reason)
    {
        var fit = Fitting.Of(BuiltInEntries.Find(id)!.Spec, new GpuOffer(Hardware.Gpus[gpu], Math.Max(count, 1)), new FitQuestion());
        Assert.Equal(reason is null, fit.Fits);
        if (reason is not null)
        {
            Assert.Contains(fit.Reasons, said => said.Contains(reason, StringComparison.Ordinal));
        }
    }

    [Fact]
    public void Splitting_over_GPUs_that_do_not_divide_the_heads_is_refused()
    {
        var qwen = BuiltInEntries.Find("qwen2.5-7b-instruct")!.Spec; // 28 heads, 4 KV heads
        Assert.Contains("28 attention heads cannot be divided by 8 GPUs", Splitting.WhyNot(qwen, 8), StringComparison.Ordinal);
        Assert.Null(Splitting.WhyNot(qwen, 4));
        Assert.Contains("at most 4 GPUs", Splitting.WhyNot(BuiltInEntries.Find("minimax-m2.1")!.Spec, 8), StringComparison.Ordinal);
        Assert.Null(Splitting.WhyNot(BuiltInEntries.Find("qwen3-coder-480b-a35b-instruct")!.Spec, 8));
    }

    [Fact]
    public void The_cheapest_with_enough_context_is_recommended()
    {
        var options = InstanceChoice.Options(BuiltInEntries.Find("qwen3-8b")!.Spec, new InstanceQuestion(new FitQuestion()));
        Assert.Equal("g6.2xlarge", options[0].Instance.Id);
        Assert.Equal(options.Select(option => option.Instance.Price), options.Select(option => option.Instance.Price).Order());
        Assert.DoesNotContain(options, option => option.Instance.Id.StartsWith("g6f.", StringComparison.Ordinal));
        Assert.All(InstanceChoice.Options(BuiltInEntries.Find("qwen3-8b")!.Spec, new InstanceQuestion(new FitQuestion(), Gpu: "a10g", Count: 1)), option => Assert.Equal((1, "a10g"), (option.Fit!.Gpus, option.Instance.Gpu)));
        Assert.Contains(
            InstanceChoice.Options(BuiltInEntries.Find("qwen3-0.6b")!.Spec, new InstanceQuestion(new FitQuestion(), Parts: true)),
            option => option.Instance.Id == "g6f.2xlarge");
        Assert.Equal("t3.large", InstanceChoice.Recommended(BuiltInEntries.Find("whisper-tiny")!.Spec)!.Instance.Id);
    }

    [Fact]
    public void Every_recommendation_fits_and_is_the_cheapest_of_its_kind()
    {
        foreach (var entry in BuiltInEntries.All.Where(entry => entry.Recommended!.Fit is not null))
        {
            var fit = entry.Recommended!.Fit!;
            Assert.True(fit.Fits && fit.Gpus <= entry.Recommended.Instance.Count && fit.Memory!.Fits);
            Assert.Null(Splitting.WhyNot(entry.Spec, fit.Gpus, fit.Offer.Gpu));
        }
    }
}
