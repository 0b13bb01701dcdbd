using FsCheck;
using FsCheck.Fluent;
using Orrery.Builder;
using Orrery.Builder.Targets;
using Orrery.Builder.Targets.Container;
using Orrery.Builder.Targets.Diagnosis;
using Orrery.Contracts;

namespace Orrery.Tests.Builder.Container;

/// <summary>What is decided without a container.</summary>
public sealed class RuleTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Pauses_double_from_ten_seconds_to_five_minutes_and_a_long_life_forgives()
    {
        Assert.Equal([10, 20, 40, 80, 160, 300, 300], Enumerable.Range(1, 7).Select(crash => Restart.Pause(crash).TotalSeconds));
        var soon = Restart.After(7, 3, served: true, Start, Start.AddSeconds(599));
        Assert.Equal((4, Start.AddSeconds(599 + 80), false), (soon.Crashes, soon.At, soon.GivesUp));
        Assert.Equal(1, Restart.After(7, 3, served: true, Start, Start.AddMinutes(10)).Crashes);
        // However long each life was: it never answered.
        Assert.True(Restart.After(4, 0, served: false, Start, Start.AddMinutes(20)).GivesUp);
        Assert.False(Restart.After(3, 3, served: false, Start, Start.AddMinutes(1)).GivesUp);
    }

    [Theory]
    [InlineData(143, "SIGTERM")]
    [InlineData(139, "SIGSEGV")]
    [InlineData(159, "SIGSYS")]
    [InlineData(155, null)]
    [InlineData(128, null)]
    [InlineData(200, null)]
    [InlineData(1, null)]
    public void Only_exit_codes_of_signals_that_end_servers_are_told_as_signals(int code, string? signal) => Assert.Equal(signal, ExitSignals.NameOf(code));

    [Theory]
    [InlineData(false, 50, 59, nameof(Standing.Starting))]
    [InlineData(false, 1, 61, nameof(Standing.Stuck))]
    [InlineData(true, 0, 61, nameof(Standing.Ready))]
    [InlineData(true, 2, 61, nameof(Standing.Ready))]
    [InlineData(true, 3, 61, nameof(Standing.Unready))]
    [InlineData(true, 5, 61, nameof(Standing.Unready))]
    [InlineData(true, 6, 61, nameof(Standing.Stuck))]
    public void A_server_stands_as_it_answers(bool answered, int failures, int seconds, string expected) =>
        Assert.Equal(expected, Standings.Of(new Health(answered, failures, null, Start), Probe, Start.AddDays(-1), Start.AddSeconds(seconds)).ToString());

    [Fact]
    public void Names_are_never_too_long_and_differ_where_their_deployments_do()
    {
        var name = Gen.Elements("a", "b", "a-b", "b-a", "a-b-a", new string('a', 63), new string('a', 62) + "b", "r1-0");
        var keys = from ns in name from deployment in name from revision in Gen.Elements(1, 11, 1_000_000) from ordinal in Gen.Choose(0, 12) select (Key: new DeploymentKey(ns, deployment, "u"), revision, ordinal);
        var pairs = from one in keys from other in keys select (one, other);
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(2_000), Prop.ForAll(pairs.ToArbitrary(), pair =>
        {
            var (one, other) = (ReplicaNames.Of("orrery", pair.one.Key, pair.one.revision, pair.one.ordinal), ReplicaNames.Of("orrery", pair.other.Key, pair.other.revision, pair.other.ordinal));
            return one.Length <= 63 && (one == other) == (pair.one == pair.other) && FieldRules.IsName(one) && FieldRules.IsName(ReplicaNames.Of("", pair.one.Key, pair.one.revision, pair.one.ordinal));
        }));
    }

    [Fact]
    public void A_templates_hash_does_not_depend_on_the_order_in_which_it_was_kept()
    {
        var one = ContainerWorld.Template() with { Environment = new Dictionary<string, string> { ["A"] = "1", ["B"] = "2" } };
        var other = one with { Environment = new Dictionary<string, string> { ["B"] = "2", ["A"] = "1" } };
        Assert.Equal(TemplateHash.Of(one), TemplateHash.Of(other));
        Assert.NotEqual(TemplateHash.Of(one), TemplateHash.Of(one with { Arguments = ["A"] }));
        Assert.NotEqual(TemplateHash.Of(one), TemplateHash.Of(one with { Files = new Dictionary<string, string> { ["/etc/a"] = "a" } }));
        Assert.NotEqual(TemplateHash.Of(one), TemplateHash.Of(one with { Secrets = [new SecretVariable("T", "s", "k", "new")] }));
    }

    [Theory]
    [InlineData("torch.cuda.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB", LogDiagnosis.GpuMemory)]
    [InlineData("ValueError: No available memory for the cache blocks. Try increasing `gpu_memory_utilization`", LogDiagnosis.GpuMemory)]
    [InlineData("ValueError: Free memory on device (10.1/79.1 GiB) on startup is less than desired GPU memory utilization (0.9, 71.2 GiB).", LogDiagnosis.GpuMemory)]
    [InlineData("huggingface_hub.errors.GatedRepoError: 401 Client Error. (Request ID: Root=1)", ReplicaReasons.HubRefuses)]
    [InlineData("requests.exceptions.HTTPError: 401 Client Error: Unauthorized for url: https://huggingface.co/api/models/x", ReplicaReasons.HubRefuses)]
    [InlineData("huggingface_hub.errors.HfHubHTTPError: 403 Client Error: Forbidden", ReplicaReasons.HubRefuses)]
    [InlineData("OSError: [Errno 28] No space left on device", LogDiagnosis.Disk)]
    [InlineData("api_server.py: error: unrecognized arguments: --max-modle-len 5", LogDiagnosis.Argument)]
    [InlineData("OSError: [Errno 98] Address already in use", LogDiagnosis.Port)]
    [InlineData("RuntimeError: No CUDA GPUs are available", LogDiagnosis.NoGpu)]
    [InlineData("std::bad_alloc", ReplicaReasons.OutOfMemory)]
    [InlineData("ValueError: Bfloat16 is only supported on GPUs with compute capability of at least 8.0.", ReplicaReasons.Misconfigured)]
    [InlineData("torch.distributed.DistBackendError: NCCL error in: ../ProcessGroupNCCL.cpp:1970, unhandled system error", ReplicaReasons.Crashes)]
    [InlineData("ValueError: Model architectures ['NewForCausalLM'] are not supported for now.", ReplicaReasons.Misconfigured)]
    [InlineData("vllm serve: error: argument --dtype: invalid choice: 'fp4' (choose from auto, half)", LogDiagnosis.Argument)]
    [InlineData("urllib3.exceptions.NameResolutionError: Failed to resolve 'huggingface.co' ([Errno -3] Temporary failure in name resolution)", LogDiagnosis.Network)]
    [InlineData("PermissionError: [Errno 13] Permission denied: '/.cache'", ReplicaReasons.Misconfigured)]
    [InlineData("INFO: Uvicorn running on http://0.0.0.0:8000", null)]
    [InlineData("INFO: 10.0.0.1 - \"GET /health HTTP/1.1\" 200 OK", null)]
    public void The_last_words_of_servers_are_understood(string line, string? reason)
    {
        var finding = LogDiagnosis.Find(["INFO starting", line, "Traceback (most recent call last):"]);
        Assert.Equal(reason, finding?.Reason);
        Assert.True(finding is null || finding.MessageWithLine.EndsWith($"It wrote: {line}", StringComparison.Ordinal));
    }

    [Fact]
    public void No_token_is_quoted_of_a_log() =>
        Assert.EndsWith("It wrote: GatedRepoError: token=…", LogDiagnosis.Find(["GatedRepoError: token=s3cret-value"])!.MessageWithLine, StringComparison.Ordinal);

    [Fact]
    public void What_is_quoted_of_a_log_is_one_plain_line() =>
        Assert.Equal("red " + new string('x', 236) + "…", LogText.Shortened("\u001b[31mred\u001b[0m\u0007 " + new string('x', 1_000)));

    [Fact]
    public void Wrong_options_are_all_named()
    {
        var result = new ContainerOptionsValidator().Validate(null, new ContainerOptions
        {
            Tool = "nerdctl",
            Prefix = "Orrery",
            Network = "bridge",
            FirstPort = 80,
            ModelsFolder = "models",
            StateFolder = "state",
            PidsLimit = 1,
            LogMegabytes = 0,
            PullWithin = TimeSpan.Zero,
        });
        Assert.Equal(9, result.Failures!.Count());
        Assert.Contains("Builder:Container:Network is 'bridge'; expected publish or host.", result.Failures!);
        Assert.True(new ContainerOptionsValidator().Validate(null, new ContainerOptions()).Succeeded);
    }

    [Theory]
    [InlineData("2026-11-22T08:54:35.607454931Z serving on 8000", "serving on 8000")]
    [InlineData("2026-11-22T08:54:35.607454931+00:00 /bin/sh: 2026-11-22T08:54:35.608322560Z not found", "/bin/sh: not found")]
    [InlineData("2026-11-22T08:54:35.607454931Z ", "")]
    [InlineData("no time", "no time")]
    public void A_logs_line_is_its_time_and_its_text(string line, string text) => Assert.Equal(text, ContainerLog.Parse(line, isError: false).Text);

    private static ContainerProbe Probe { get; } = new("/health", TimeSpan.FromMinutes(1), TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(5), 3);
}
