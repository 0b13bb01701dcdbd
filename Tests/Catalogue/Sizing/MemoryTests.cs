using System.Globalization;
using System.Text.Json;
using Orrery.Catalogue.Api;
using Orrery.Catalogue.Entries;
using Orrery.Catalogue.Servers;
using Orrery.Catalogue.Sizing;
using Orrery.Contracts;

namespace Orrery.Tests.Catalogue.Sizing;

/// <summary>The arithmetic of memory beside the figures that models' own documentation and vLLM's recipes give (docs/catalogue.md has the table).</summary>
public sealed class MemoryTests
{
    /// <summary>Memory over all GPUs, as published: the least that is asked for, so without much of a cache.</summary>
    public static TheoryData<string, double, double, string> Table()
    {
        var rows = new TheoryData<string, double, double, string>();
        foreach (var line in File.ReadLines(Path.Combine(Repository.Root, "docs", "catalogue.md")).Where(line => line.Contains(" to work in, ", StringComparison.Ordinal)))
        {
            var cells = line.Split('|', StringSplitOptions.TrimEntries);
            rows.Add(cells[1], double.Parse(cells[2], CultureInfo.InvariantCulture), double.Parse(cells[3], CultureInfo.InvariantCulture), cells[4]);
        }

        return rows;
    }

    [Theory]
    [MemberData(nameof(Table))]
    public void What_the_page_says_is_reckoned_and_near_what_is_published(string id, double published, double said, string parts)
    {
        var gpus = int.Parse(parts[..parts.IndexOf(' ', StringComparison.Ordinal)], CultureInfo.InvariantCulture);
        var estimate = MemoryEstimator.Estimate(Entry(id), ByteSize.FromGigabytes(80), gpus, context: 8_192);
        var reckoned = estimate.Needed.Gigabytes * gpus;
        Assert.InRange(reckoned / published, 0.8, 1.15);
        Assert.Equal(said, reckoned, 0.051);
        Assert.EndsWith(string.Create(CultureInfo.InvariantCulture, $" weights, {estimate.Working.Gigabytes * gpus:0.0} to work in, {estimate.Cache.Gigabytes * gpus:0.0} cache"), parts, StringComparison.Ordinal);
    }

    [Fact]
    public void The_page_has_sixteen_published_figures() => Assert.Equal(16, Table().Count);

    /// <summary>Bytes that a token's keys and values take, by hand from the published architectures.</summary>
    [Theory]
    [InlineData("llama-3.1-8b", 1, 131_072)] // 2 × 32 layers × 8 heads × 128 × 2 bytes
    [InlineData("llama-3.1-70b-instruct", 1, 327_680)] // 2 × 80 × 8 × 128 × 2
    [InlineData("llama-3.1-70b-instruct", 4, 81_920)]
    [InlineData("qwen3-30b-a3b", 8, 24_576)] // 4 KV heads on 8 GPUs: each head twice
    [InlineData("deepseek-v3.1", 8, 70_272)] // 61 × 576 × 2, whole on each GPU
    [InlineData("qwen3-coder-480b-a35b-instruct", 8, 253_952)] // 62 × 8 × 128 × 2 × 2: only the experts are shared among the GPUs
    [InlineData("qwen3-embedding-8b", 1, 147_456)] // a decoder: 2 × 36 × 8 × 128 × 2
    [InlineData("voxtral-mini-3b-2507", 1, 122_880)] // 2 × 30 × 8 × 128 × 2
    [InlineData("bge-m3", 1, 0)] // an encoder
    [InlineData("whisper-large-v3-turbo", 1, 0)]
    [InlineData("recurrentgemma-9b-it", 1, 0)] // no layer keeps all
    [InlineData("minimax-m2.1", 1, 253_952)] // its guide says 240 GB (GiB, then 236) a million tokens
    public void A_token_takes_what_its_architecture_says(string id, int gpus, double bytes) => Assert.Equal(bytes, MemoryEstimator.BytesPerToken(Entry(id), gpus));

    [Fact]
    public void Sliding_windows_stop_growing()
    {
        var gemma = Entry("gemma-3-27b-it");
        long Cache(long tokens) => MemoryEstimator.Estimate(gemma, ByteSize.FromGigabytes(80), 1, tokens).Cache.Bytes;
        var perToken = MemoryEstimator.BytesPerToken(gemma, 1);
        Assert.True(Cache(1_024) > perToken * 1_024 * 5, "Up to the window every layer keeps all.");
        Assert.Equal(perToken * 10_000, Cache(30_000) - Cache(20_000), 1.0);
    }

    /// <summary>By hand: what a hundred requests keep is a hundred times what one keeps, but for the prompt that is read just now.</summary>
    [Theory]
    [InlineData("gemma-3-27b-it", 1, 8_192, (100 * 10 * 8_192.0 * 8_192) + (52 * 8_192.0 * ((100 * 1_024) + 7_168)))]
    [InlineData("llama-4-scout-17b-16e-instruct", 2, 8_192, 48 * 2_048.0 * 819_200)]
    [InlineData("nemotron-nano-9b-v2", 1, 8_192, (4 * 4_096.0 * 819_200) + (100 * 143_500_000.0))]
    public void Every_request_keeps_windows_and_states_of_its_own(string id, int gpus, int context, double cache) =>
        Assert.Equal(cache, MemoryEstimator.Estimate(Entry(id), ByteSize.FromGigabytes(141), gpus, context, 100).Cache.Bytes, 1.0);

    [Fact]
    public void What_is_more_than_all_memory_does_not_fit()
    {
        var model = Entry("qwen3-8b") with { ContextWindow = null };
        var fit = Fitting.Of(model, new GpuOffer(Hardware.Gpus["l4"], 1), new FitQuestion(int.MaxValue, 100_000));
        Assert.False(fit.Fits);
        Assert.True(fit.Memory!.Needed.Bytes > 1_000_000_000_000_000_000);
    }

    [Theory]
    [InlineData("qwen3-8b", 40_961, "Its context window has 40,960 tokens; 40,961 were asked for.")]
    [InlineData("qwen3-8b", 40_960, null)]
    [InlineData("whisper-tiny", 40_961, null)] // it has none
    public void A_context_that_a_model_does_not_have_fits_nowhere(string id, int context, string? reason)
    {
        var fit = Fitting.Of(Entry(id), new GpuOffer(Hardware.Gpus["h200-141"], 8), new FitQuestion(context));
        Assert.Equal(reason is null, fit.Fits);
        Assert.True(reason is null || fit.Reasons.SequenceEqual([reason]));
        Assert.Equal(reason is null, InstanceChoice.Options(Entry(id), new InstanceQuestion(new FitQuestion(context))).Count > 0);
    }

    [Fact]
    public void Without_its_weights_size_a_model_fits_nowhere() =>
        Assert.Equal(["How large its weights are is not known here (weights)."], Fitting.Of(Entry("qwen3-8b") with { Weights = null }, new GpuOffer(Hardware.Gpus["h100-80"], 8), new FitQuestion()).Reasons);

    [Theory]
    [InlineData("nvfp4", "t4", null, "has no kernels for nvfp4 weights, from 8.0 on")]
    [InlineData("int4", "v100", null, "has no kernels for int4 weights, from 7.5 on")]
    [InlineData("int4", "t4", null, null)]
    [InlineData("bf16", "t4", null, "with --dtype: half in arguments many models do without")]
    [InlineData("bf16", "t4", "half", null)]
    [InlineData("bf16", "t4", "float16", null)]
    [InlineData("bf16", "t4", "bfloat16", "has no bf16")]
    public void Which_GPUs_compute_with_which_weights(string dtype, string gpu, string? asked, string? reason)
    {
        var model = Entry("qwen3-0.6b") with { Dtype = dtype, Arguments = asked is null ? null : Arguments("--dtype", asked) };
        var fit = Fitting.Of(model, new GpuOffer(Hardware.Gpus[gpu], 1), new FitQuestion(4_096));
        Assert.Equal(reason is null, fit.Fits);
        Assert.True(reason is null || fit.Reasons[0].Contains(reason, StringComparison.Ordinal), fit.Reasons[0]);
    }

    [Fact]
    public void A_cache_of_8_bits_takes_half()
    {
        var model = Entry("gemma-3-27b-it");
        double Cache(ModelSpec model) => MemoryEstimator.Estimate(model, ByteSize.FromGigabytes(80), 1, 50_000).Cache.Bytes;
        Assert.Equal(Cache(model) / 2, Cache(model with { Arguments = Arguments("--kv_cache_dtype", "fp8_e5m2") }), 1.0);
    }

    /// <summary>11.6 GB outside the experts on each GPU, and an eighth of the rest.</summary>
    [Fact]
    public void Where_experts_are_shared_the_rest_is_on_each_GPU_and_the_command_follows_their_number()
    {
        var model = Entry("qwen3-coder-480b-a35b-instruct");
        var (one, eight) = (MemoryEstimator.Estimate(model, ByteSize.FromGigabytes(141), 8, 131_072), MemoryEstimator.Estimate(model, ByteSize.FromGigabytes(141), 8, 131_072, concurrency: 9));
        Assert.Equal(11.57 + ((480.15 - 11.57) / 8), one.Weights.Gigabytes, 0.02);
        Assert.Equal(2 * one.Cache.Bytes, eight.Cache.Bytes); // Nine requests on eight GPUs: one GPU has two of them, whole.
        Assert.False(Fitting.Of(model, new GpuOffer(Hardware.Gpus["h100-80"], 8), new FitQuestion(131_072)).Fits);
        Assert.Contains("160 experts cannot be divided by 3 GPUs", Splitting.WhyNot(model, 3), StringComparison.Ordinal);
        string Command(int gpus) => string.Join(' ', ServerCommand.Arguments(model, ServerTables.Current("vllm")!, new StartOptions(gpus)));
        Assert.Contains("--data-parallel-size 4 --enable-expert-parallel", Command(4), StringComparison.Ordinal);
        Assert.DoesNotContain("parallel", Command(1), StringComparison.Ordinal);
    }

    [Fact]
    public void A_server_whose_states_have_little_room_is_told_how_many_requests_to_run()
    {
        var model = Entry("nemotron-nano-9b-v2");
        var fit = Fitting.Of(model, new GpuOffer(Hardware.Gpus["l4"], 1), new FitQuestion());
        Assert.InRange(fit.MostRequests!.Value, 8, 17);
        Assert.Contains(fit.Reasons, reason => reason.Contains($"run {fit.MostRequests} at once at most", StringComparison.Ordinal));
        Assert.False(Fitting.Of(model, new GpuOffer(Hardware.Gpus["l4"], 1), new FitQuestion(4_096, 64)).Fits);
        Assert.Null(Fitting.Of(Entry("qwen3-8b"), new GpuOffer(Hardware.Gpus["l4"], 1), new FitQuestion()).MostRequests);
        string Command(ModelSpec model) => string.Join(' ', ServerCommand.Arguments(model, ServerTables.Current("vllm")!, new StartOptions(1, 4_096, fit.MostRequests)));
        Assert.Contains($"--max-num-seqs {fit.MostRequests}", Command(model), StringComparison.Ordinal);
        Assert.DoesNotContain($"--max-num-seqs {fit.MostRequests}", Command(model with { Arguments = new Dictionary<string, JsonElement> { ["--max_num_seqs"] = JsonSerializer.SerializeToElement(4) } }), StringComparison.Ordinal);
    }

    [Fact]
    public void Two_hundredths_of_what_a_server_takes_stay_free()
    {
        var gpu = Hardware.Gpus["l4"]; // 22.03 GiB as CUDA counts, of 23,034 MiB that the driver shows
        Assert.Equal(22.03, gpu.Memory.Gibibytes, 0.01);
        Assert.Equal(gpu.Memory.Gigabytes * 0.9 * 0.98, MemoryEstimator.Estimate(Entry("qwen3-8b"), gpu.Memory, 1, 4_096).Usable.Gigabytes, 0.001);
    }

    [Fact]
    public void What_fits_nowhere_or_not_where_its_entry_says_is_not_taken_for_one_without_a_GPU()
    {
        var huge = Entry("qwen3-8b") with { Weights = ByteSize.FromGigabytes(10_000) };
        Assert.Null(ModelAnswer.Resources(huge, InstanceChoice.Recommended(huge)).Gpu);
        var small = Entry("llama-3.3-70b-instruct") with { RecommendedInstance = "g6.xlarge" };
        var option = InstanceChoice.Recommended(small)!;
        Assert.Equal((false, 1), (option.Fit!.Fits, ModelAnswer.Resources(small, option).Gpu));
        Assert.Contains(InstanceAnswer.Of(small, option).Notes, note => note.StartsWith("It needs", StringComparison.Ordinal));
        Assert.Null(ModelAnswer.Resources(small, InstanceChoice.Recommended(small with { RecommendedInstance = "t3.large" })).Gpu);
        Assert.Equal(0, ModelAnswer.Resources(Entry("whisper-tiny"), InstanceChoice.Recommended(Entry("whisper-tiny"))).Gpu);
    }

    [Theory]
    [InlineData("llama-3.1-405b-instruct-fp8", 131_072, 64, null, null, "GB cache for 131,072 tokens of each of 64 requests")]
    [InlineData("qwen3-8b", null, 1, "a100-3g.40gb", null, "No instance that is known has such GPUs")]
    [InlineData("qwen3-8b", null, 1, null, 3, "cannot be divided by 3 GPUs")]
    [InlineData("qwen3-8b", null, 1, "t4", 16, "No instance that is known has such GPUs")]
    public void Where_no_instance_is_found_the_reason_is_told(string id, int? context, int concurrency, string? gpu, int? count, string reason)
    {
        var question = new InstanceQuestion(new FitQuestion(context, concurrency), Gpu: gpu, Count: count);
        Assert.Empty(InstanceChoice.Options(Entry(id), question));
        Assert.Contains(reason, InstanceChoice.WhyNone(Entry(id), question), StringComparison.Ordinal);
    }

    [Fact]
    public void Why_a_cheaper_instance_comes_later_is_told()
    {
        var options = InstanceChoice.Options(Entry("llama-3.3-70b-instruct"), new InstanceQuestion(new FitQuestion(32_768, 4)));
        var slow = options.First(option => option.Fit!.Gpus == 8 && !option.Fit.Offer.Gpu.Nvlink);
        Assert.Contains("over the PCI bus alone", InstanceAnswer.Of(Entry("llama-3.3-70b-instruct"), slow).Notes[^1], StringComparison.Ordinal);
    }

    [Fact]
    public void Each_reason_is_told_once()
    {
        var reasons = Fitting.Of(Entry("qwen3-14b"), new GpuOffer(Hardware.Gpus["l4-quarter"], 8), new FitQuestion()).Reasons;
        Assert.Equal(reasons.Distinct(), reasons);
        Assert.DoesNotContain("cache", string.Join(' ', Fitting.Of(Entry("wan2.1-t2v-14b"), new GpuOffer(Hardware.Gpus["t4"], 1), new FitQuestion()).Reasons), StringComparison.Ordinal);
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
        Assert.Matches(@"^It needs 14\d\.\d GB \(141\.1 GB weights, .* GB to work in, .* GB cache for 8,192 tokens\) and may use 74\.9 GB of the 84\.9 GB of NVIDIA H100\.$", one.Reasons[0]);
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

    private static ModelSpec Entry(string id) => BuiltInEntries.Find(id)!.Spec;

    private static Dictionary<string, JsonElement> Arguments(string flag, string value) => new() { [flag] = JsonSerializer.SerializeToElement(value) };
}
