using System.Text.Json.Nodes;
using static Orrery.Tests.Catalogue.CatalogueReplica;

namespace Orrery.Tests.Catalogue.Deployments;

/// <summary>What a deployment starts is looked at as the server will see it: its words, its variables and its weights, whatever field they are from.</summary>
public sealed class StartedWordsTests(PostgresServer postgres)
{
    private const string Own = """
        "id":"acme-chat","modelType":"chat","engine":"vllm","servers":["sglang","tgi","trt-llm"],"repo":"acme/chat","licence":"Apache-2.0","parameters":"8B","weights":"16GB","dtype":"bf16","contextWindow":4096
        """;

    [Fact]
    public Task No_value_becomes_a_flag() => Holds(
        (Arguments(""" "--logits-processors":["a:B","--model","tencent-x/evil"]"""), "spec.arguments.--logits-processors is '--model': expected a value that begins with no dash"),
        (Arguments(""" "--chat-template":"--port=9000" """), "spec.arguments.--chat-template is '--port=9000'"),
        (Arguments(""" "--chat-template":"-p" """), "spec.arguments.--chat-template is '-p'"),
        (Arguments(""" "--seed":-1"""), ""),
        (Of(Own) + ""","weights":{"repo":"acme/own","revision":"--trust-remote-code"}""", "spec.weights.revision is '--trust-remote-code': expected a commit"),
        (Of(Own) + ""","weights":{"repo":"acme/own","revision":"a/../../b"}""", "spec.weights.revision is 'a/../../b'"),
        (Of(Own) + ""","weights":{"repo":"--x/y"}""", "spec.weights.repo is '--x/y'"),
        (Of(Own.Replace("acme-chat", "--port=1", StringComparison.Ordinal)), "'--port=1' behind --served-model-name: expected a value that begins with no dash"));

    [Fact]
    public Task False_takes_away_what_can_be_taken_away() => Holds(
        (Arguments(""" "--no-enable-prefix-caching":false"""), "spec.arguments.--no-enable-prefix-caching is 'false': expected true, or the flag left out. Write --enable-prefix-caching: true."),
        (Arguments(""" "--enable-prefix-caching":false"""), ""),
        (Arguments(""" "--no-enable-prefix-caching":true"""), ""));

    [Fact]
    public async Task False_takes_away_what_the_model_says()
    {
        await using var catalogue = await StartAsync(await postgres.CreateDatabaseAsync());
        var said = Of(Own.Trim() + ""","arguments":{"--max-num-seqs":64,"--kv-cache-dtype":"fp8","--disable-log-stats":true}""");
        var brief = await Ask(catalogue, said + ""","arguments":{"--max_num_seqs":false,"--kv-cache-dtype":false,"--disable-log-stats":false}""");
        Assert.Empty(Faults(brief));
        Assert.EndsWith("--port 8000", Line(brief), StringComparison.Ordinal);
        Assert.Contains("expected a whole number", Assert.Single(Faults(await Ask(catalogue, Of(Own) + ""","arguments":{"--max-num-seqs":false}"""))), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("sglang", """{"--kv-cache-dtype":"fp8_e5m2"}""", "--kv-cache-dtype fp8_e5m2")]
    [InlineData("tgi", """{"--max-batch-size":16}""", "--max-batch-size 16")]
    [InlineData("trt-llm", """{"--max_batch_size":16}""", "--max_batch_size 16")]
    public async Task Arguments_are_those_of_the_server_that_is_named(string server, string arguments, string expected)
    {
        await using var catalogue = await StartAsync(await postgres.CreateDatabaseAsync());
        var brief = await Ask(catalogue, Of(Own) + $""","server":"{server}","arguments":{arguments}""");
        Assert.Empty(Faults(brief));
        Assert.EndsWith(expected, Line(brief), StringComparison.Ordinal);
    }

    [Fact]
    public Task What_splits_a_copy_is_refused_with_every_server() => Holds(
        (Of(Own) + ""","server":"sglang","arguments":{"--dp-size":2}""", "Say it in spec.gpu.count"),
        (Of(Own) + ""","server":"sglang","arguments":{"--expert-parallel-size":2}""", "Say it in spec.gpu.count"),
        (Of(Own) + ""","server":"tgi","arguments":{"--num-shard":2}""", "Say it in spec.gpu.count"),
        (Of(Own) + ""","server":"trt-llm","arguments":{"--cluster_size":2}""", "Say it in spec.gpu.count"),
        (Arguments(""" "--tokenizer-revision":"evil" """), "Say it in spec.weights.revision"));

    [Fact]
    public async Task What_a_deployment_writes_goes_over_the_entrys_field()
    {
        await using var catalogue = await StartAsync(await postgres.CreateDatabaseAsync());
        var parsed = Own.Trim() + ""","toolParser":"hermes","remoteCode":true""";
        (await catalogue.Apply("{kind: LicenceAcceptance, metadata: {name: a}, spec: {remoteCode: acme/chat}}")).ExpectOk();
        var line = Line(await Ask(catalogue, Of(parsed) + ""","arguments":{"--enable-auto-tool-choice":false,"--tool-call-parser":"mistral","--trust-remote-code":true}"""));
        Assert.EndsWith("--no-enable-auto-tool-choice --tool-call-parser mistral --trust-remote-code", line, StringComparison.Ordinal);
        Assert.Equal((1, 1), (Count(line, "--tool-call-parser"), Count(line, "--trust-remote-code")));
        Assert.DoesNotContain("--enable-auto-tool-choice ", line.Replace("--no-enable", "", StringComparison.Ordinal), StringComparison.Ordinal);

        // The commit of the code is named whoever lets it run.
        var pinned = Own.Trim() + $""","revision":"{new string('c', 40)}" """;
        Assert.Contains($"--code-revision {new string('c', 40)}", Line(await Ask(catalogue, Of(pinned) + ""","arguments":{"--trust-remote-code":true}""")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_variable_that_decides_over_code_or_weights_is_seen_and_held_to_what_flags_are()
    {
        await using var catalogue = await StartAsync(await postgres.CreateDatabaseAsync());
        (await catalogue.Apply("{kind: Secret, metadata: {name: s}, spec: {data: {k: 'true'}}}")).ExpectOk();
        string Tgi(string more) => Of(Own) + ""","server":"tgi",""" + more;
        await Holds(
            catalogue,
            (Secret("TRUST_REMOTE_CODE"), "spec.secrets.TRUST_REMOTE_CODE: expected no variable that decides which code is run or which weights are loaded"),
            (Secret("VLLM_USE_MODELSCOPE"), "spec.secrets.VLLM_USE_MODELSCOPE"),
            (Secret("hf_home"), "spec.secrets.hf_home"),
            (Secret("LD_PRELOAD"), "Say it where everybody reads it: environment: { LD_PRELOAD: VALUE }."),
            (Secret("HF_TOKEN"), ""),
            (Tgi(""" "secrets":{"LORA_ADAPTERS":{"name":"s","key":"k"}}"""), "spec.secrets.LORA_ADAPTERS: expected no variable that decides which weights"),
            (Tgi(""" "secrets":{"MODEL_ID":{"name":"s","key":"k"}}"""), "spec.secrets.MODEL_ID: expected no variable for what is decided elsewhere"),
            (Secret("LORA_ADAPTERS"), ""),
            (Tgi(""" "environment":{"LORA_ADAPTERS":"acme/lora"}"""), "spec.environment.LORA_ADAPTERS names acme/lora"),
            (Tgi(""" "environment":{"MODEL_ID":"acme/other"}"""), "spec.environment.MODEL_ID: expected no variable for what is decided elsewhere. Say it in spec.model"),
            (Tgi(""" "environment":{"NUM_SHARD":"8"}"""), "Say it in spec.gpu.count."),
            (Tgi(""" "environment":{"CUDA_MEMORY_FRACTION":"0.05"}"""), "spec.environment.CUDA_MEMORY_FRACTION: expected no variable for what memory is reckoned from. Say it in spec.arguments.--cuda-memory-fraction."),
            (Tgi(""" "secrets":{"CUDA_MEMORY_FRACTION":{"name":"s","key":"k"}}"""), "spec.secrets.CUDA_MEMORY_FRACTION: expected no variable for what memory is reckoned from"),
            (Of(Own.Trim() + ""","environment":{"NUM_SHARD":"8"}""") + ""","server":"tgi" """, "The model's environment.NUM_SHARD: expected no variable for what is decided elsewhere. Say it in spec.gpu.count"),
            (Of(Own.Trim() + ""","environment":{"CUDA_MEMORY_FRACTION":"0.05"}""") + ""","server":"tgi" """, "The model's environment.CUDA_MEMORY_FRACTION: expected no variable for what memory is reckoned from"),
            (Of(Own.Trim() + ""","environment":{"NUM_SHARD":"8"}"""), ""),
            (Tgi(""" "environment":{"TOKENIZER_CONFIG_PATH":"mistralai/Codestral-22B-v0.1"}"""), "Licence MNPL-0.1 (acceptance)"),
            (Environment("SGLANG_USE_MODELSCOPE", "true"), "expected no other hub"),
            (Environment("HUGGINGFACE_CO_STAGING", "1"), "expected no other hub"),
            (Environment("HF_HOME", "/models/../tmp"), "spec.environment.HF_HOME is '/models/../tmp': expected a folder below /models"),
            (Environment("HF_HUB_CACHE", "/models/$X"), "expected a folder below /models"),
            (Environment("HF_HUB_CACHE", "/models/hub"), ""),
            (Of(Own.Trim() + ""","environment":{"SGLANG_USE_MODELSCOPE":"1"}"""), "spec.entry.environment.SGLANG_USE_MODELSCOPE: expected no variable that the image rests upon"),
            (Of(Own.Trim() + ""","environment":{"PYTHONUSERBASE":"/x"}"""), "spec.entry.environment.PYTHONUSERBASE"));
    }

    [Fact]
    public async Task Weights_are_under_their_licence_however_they_are_named()
    {
        await using var catalogue = await StartAsync(await postgres.CreateDatabaseAsync());
        (await catalogue.Apply("{kind: Model, metadata: {name: own}, spec: {id: own, modelType: chat, engine: vllm, repo: acme/own, aliases: [mine]}}")).ExpectOk();
        (await catalogue.Apply("{kind: Model, metadata: {name: governed}, spec: {id: governed, modelType: chat}}")).ExpectOk();
        const string Held = "Licence MNPL-0.1 (acceptance)";
        await Holds(
            catalogue,
            (Weights("hub/models--mistralai--Codestral-22B-v0.1/snapshots/abc"), Held),
            (Weights("models--mistralai--Codestral-22B-v0.1/snapshots/abc"), Held),
            (Weights("mistralai/Codestral-22B-v0.1"), Held),
            (Weights("own/tuned"), ""),
            (Adapter("a", "hub/models--mistralai--Codestral-22B-v0.1/snapshots/abc"), Held),
            (Environment("Y", "mistralai/Codestral-22B-v0.1") + ""","command":["sh","-c","exec vllm serve $Y"]""", Held),
            (Environment("Z", "estral") + ""","command":["sh","-c","vllm serve mistralai/Cod${Z}-22B-v0.1"]""", Held),
            (Environment("Z", "estral") + ""","command":["vllm","serve","mistralai/Cod$(Z)-22B-v0.1"]""", Held),
            (Command(""" "vllm","serve","mistralai/Codestral\u002d22B-v0.1" """), Held),
            (Command(""" "sh","-c","exec vllm serve mistralai/Codestral'-22B'-v0.1" """), Held),
            (Of(Own.Trim() + ""","dockerfile":"FROM a:1\nCMD [\"vllm\",\"serve\",\"mistralai/Codestral\\\n-22B-v0.1\"]" """), Held),
            (Of(Own.Trim() + ""","dockerfile":"FROM a:1\nCMD [\"vllm\",\"serve\",\"mistralai/Codestral\\u002d22B-v0.1\"]" """), Held),
            (Of(Own.Trim() + ""","arguments":{"--tokenizer":"https://huggingface.co/mistralai%2FCodestral-22B-v0.1"}"""), Held),

            // What is no repository of the catalogue's and no folder.
            (Arguments(""" "--speculative-config":{"model":"gpt2","num_speculative_tokens":3}"""), "spec.arguments.--speculative-config names gpt2"),
            (Arguments(""" "--speculative-config":[{"model":"acme/draft","num_speculative_tokens":3}]"""), "spec.arguments.--speculative-config names acme/draft"),
            (Arguments(""" "--speculative-config":{"method":"ngram","model":"ngram","num_speculative_tokens":3}"""), ""),
            (Arguments(""" "--tokenizer":"acme/tokens@main" """), "names acme/tokens@main"),
            (Arguments(""" "--tokenizer":"acme/tokens/sub" """), "names acme/tokens/sub"),
            (Arguments(""" "--tokenizer":"https://huggingface.co/acme/tokens" """), "names https://huggingface.co/acme/tokens"),
            (Arguments(""" "--tokenizer":"s3://acme/tokens" """), "names s3://acme/tokens"),
            (Arguments(""" "--tokenizer":"/models/../tmp" """), "names /models/../tmp"),
            (Arguments(""" "--lora-modules":"{\"name\":\"x\",\"path\":\"gpt2\"}" """), "names gpt2"),

            // Names of others.
            (Adapter("llama-3.3-70b-instruct", "own/x"), "spec.adapters[0].id is 'llama-3.3-70b-instruct': expected an id or alias that no entry has which comes with the Catalogue"),
            (Adapter("own", "own/x"), "the id 'own' is taken"),
            (Adapter("mine", "own/x"), "the id 'mine' is taken"),
            (Adapter("governed", "own/x"), ""));
    }

    [Fact]
    public Task Code_out_of_a_repository_is_found_however_the_command_is_written() => Holds(
        (Command(""" "vllm","serve","Qwen/Qwen3-8B","x\n#","--trust-remote-code" """), "Remote code of Qwen/Qwen3-8B (acceptance)"),
        (Command(""" "sh","-c","# --trust-remote-code\nexec vllm serve Qwen/Qwen3-8B" """), "Remote code of Qwen/Qwen3-8B (acceptance)"),
        (Command(""" "sh","-c","exec vllm serve Qwen/Qwen3-8B --tru\"st-remote\"-code" """), "Remote code of Qwen/Qwen3-8B (acceptance)"),
        (Environment("X", "--trust-remote-code") + ""","command":["sh","-c","exec vllm serve Qwen/Qwen3-8B $X"]""", "Remote code of Qwen/Qwen3-8B (acceptance)"),
        (Environment("Z", "tr") + ""","command":["sh","-c","exec vllm serve Qwen/Qwen3-8B --${Z}ust-remote-code"]""", "Remote code of Qwen/Qwen3-8B (acceptance)"),
        (Environment("TRUST_REMOTE_CODE", "no"), ""),
        (Command(""" "vllm","serve","Qwen/Qwen3-8B","--truncation-side","left" """), ""),
        (Command(""" "vllm","serve","Qwen/Qwen3-8B" """), ""));

    [Fact]
    public async Task A_command_loads_what_was_said()
    {
        await using var catalogue = await StartAsync(await postgres.CreateDatabaseAsync());
        (await catalogue.Apply("{kind: LicenceAcceptance, metadata: {name: a}, spec: {remoteCode: Qwen/Qwen3-8B}}")).ExpectOk();
        await Holds(
            catalogue,
            (Command(""" "vllm","serve","Qwen/Qwen3-8B","--trust-remote-code" """), ""),
            (Command(""" "vllm","serve","evil/repo","--trust-remote-code" """), "Remote code of evil/repo (acceptance)"),
            (Command(""" "vllm","serve","evil/repo" """), "spec.command names evil/repo, of whose licence the catalogue knows nothing."),
            (Command(""" "python3","-m","sglang.launch_server","--model-path=evil/repo" """), "spec.command names evil/repo"),
            (Command(""" "vllm","serve","Qwen/Qwen3-8B","--tokenizer","evil/repo" """), "spec.command names evil/repo"),
            (Command(""" "vllm","serve","Qwen/Qwen3-8B","--speculative-config","{\"model\":\"evil/draft\"}" """), "spec.command names evil/draft"),
            (Command(""" "vllm","serve","/models/own" """), ""),
            (Command(""" "sh","-c","exec vllm serve $M" """), "spec.command: expected words that can be read; $M is not set in spec.environment"),
            (Command(""" "sh","-c","exec vllm serve Qwen/Qwen3-8B --port $PORT $X" """), "$X is not set in spec.environment"),
            (Command(""" "sh","-c","exec vllm serve Qwen/Qwen3-8B --port $PORT" """), ""),
            (Environment("M", "evil/repo") + ""","command":["sh","-c","exec vllm serve ${M}"]""", "spec.command names evil/repo"),
            (Command(""" "sh","-c","exec vllm serve \"$@\"","vllm","Qwen/Qwen3-8B" """), ""),
            (Command(""" "sh","-c","exec vllm serve \"$@\"","vllm","evil/repo" """), "spec.command names evil/repo"),
            (Command(""" "/start.sh","evil/repo" """), ""),
            (Of(Own.Trim().Replace("\"repo\":\"acme/chat\",", "", StringComparison.Ordinal)), "Nothing says which weights acme-chat has"));
    }

    [Fact]
    public async Task Nothing_undoes_what_was_reckoned()
    {
        await using var catalogue = await StartAsync(await postgres.CreateDatabaseAsync());
        (await catalogue.Apply("{kind: GpuClass, metadata: {name: g24}, spec: {memory: 24GB}}")).ExpectOk();
        (await catalogue.Apply("{kind: GpuClass, metadata: {name: h100-80}, spec: {}}")).ExpectOk();
        (await catalogue.Apply("{kind: Model, metadata: {name: own}, spec: {id: own, modelType: chat, engine: vllm, repo: acme/own, licence: MIT, weights: 16GB, parameters: 8B, arguments: {--gpu-memory-utilization: 0.01}}}")).ExpectOk();
        const string On = ""","gpu":{"type":"g24","count":1}""";
        const string Nemotron = """ "model":"nemotron-nano-9b-v2","arguments":{"--max-num-seqs":""";
        await Holds(
            catalogue,
            (Of(Own.Trim() + ""","arguments":{"--gpu-memory-utilization":0.01,"--tensor-parallel-size":8,"--pipeline-parallel-size":4}"""), "spec.entry.arguments.--tensor-parallel-size: expected no flag for what is decided elsewhere"),
            (Of(Own.Trim() + ""","arguments":{"--uds":"/x"}"""), "spec.entry.arguments.--uds"),
            (Of(Own.Trim() + ""","arguments":{"--download-dir":"/x"}"""), "spec.entry.arguments.--download-dir"),
            (""" "model":"own" """, "Model 'own', spec.arguments.--gpu-memory-utilization: expected no flag for what is decided elsewhere"),
            (Arguments(""" "--kv-cache-memory-bytes":1000000"""), "Say it in spec.context"),
            (Of(Own) + ""","server":"trt-llm","arguments":{"--free_gpu_memory_fraction":0.01}""", "Say it in spec.context"),
            (Arguments(""" "--num-gpu-blocks-override":10"""), "Say it in spec.context"),
            (Arguments(""" "--headless":true"""), "spec.arguments.--headless"),
            (Of(Own.Trim() + ""","arguments":{"--kv-cache-dtype":"fp8","--kv-cache-dt":"auto"}"""), "spec.entry.arguments.--kv-cache-dt: expected a flag's whole name"),
            (""" "model":"qwen3-8b","context":99999999""", "qwen3-8b does not fit: Its context window has 40,960 tokens; 99,999,999 were asked for."),
            (Of(Own.Trim() + ""","arguments":{"--max-num-seqs":["100000"]}"""), "spec.entry.arguments.--max-num-seqs is '[\"100000\"]': expected a whole number"),
            (Of(Own.Trim() + ""","arguments":{"--kv-cache-dtype":"turbo"}"""), "spec.entry.arguments.--kv-cache-dtype is 'turbo': expected one of auto"),
            (Of(Own.Trim() + ""","arguments":{"--kv-cache-dtype":"turbo"}""") + ""","arguments":{"--kv-cache-dtype":"fp8"}""", ""),
            (Nemotron + "100000}" + On, "--max-num-seqs has the server run more requests at once than the"),
            (""" "model":"qwen3-8b","context":36864,"arguments":{"--gpu-memory-utilization":0.9}""" + On, "does not fit"));

        foreach (var (server, flag) in ((string, string)[])[("sglang", "--max-running-requests"), ("tgi", "--max-batch-size"), ("trt-llm", "--max_batch_size")])
        {
            var hybrid = Of(Own.Trim().Replace("16GB", "8GB", StringComparison.Ordinal) + ""","architecture":{"layers":40,"fullLayers":4,"heads":32,"kvHeads":8,"headSize":128,"state":"150MB"}""") + $""","server":"{server}" """ + On;
            Assert.Contains(Faults(await Ask(catalogue, hybrid + $$""","arguments":{"{{flag}}":100000}""")), fault => fault.Contains($"{flag} has the server run more requests at once than the", StringComparison.Ordinal));
            Assert.Matches($"{flag} [0-9]{{2}}( |$)", Line(await Ask(catalogue, hybrid)));
        }

        Assert.DoesNotContain(Faults(await Ask(catalogue, Nemotron + "2}" + On)), fault => fault.Contains("--max-num-seqs", StringComparison.Ordinal));

        // The flag that saves memory is one that the server gets, and the share that it is told is what it may use.
        Assert.Contains("--kv-cache-dtype fp8_e5m2", Line(await Ask(catalogue, Of(Own) + ""","server":"sglang","context":4096,"arguments":{"--kv-cache-dtype":"fp8_e5m2"}""" + On)), StringComparison.Ordinal);
        Assert.Contains(Faults(await Ask(catalogue, Of(Own) + ""","server":"sglang","arguments":{"--mem-fraction-static":0.2}""" + On)), fault => fault.Contains("does not fit", StringComparison.Ordinal));

        // Without a GPU all of the weights lie in memory.
        Assert.Equal("1120Gi", (string?)(await Ask(catalogue, Of(Own.Replace("16GB", "800GB", StringComparison.Ordinal))))["model"]!["resources"]!["memory"]);

        // A server that cannot share experts splits every layer.
        const string Experts = """ "entry":{"id":"moe","modelType":"chat","engine":"vllm","servers":["sglang"],"repo":"acme/moe","licence":"MIT","parameters":"80B","activeParameters":"8B","weights":"160GB","dtype":"bf16","contextWindow":4096,"expertParallel":true,"architecture":{"layers":40,"heads":32,"kvHeads":8,"headSize":128,"experts":128,"activeExperts":8}},"gpu":{"type":"h100-80","count":4}""";
        Assert.Contains("--data-parallel-size 4 --enable-expert-parallel", Line(await Ask(catalogue, Experts)), StringComparison.Ordinal);
        Assert.Contains("--tensor-parallel-size 4", Line(await Ask(catalogue, Experts + ""","server":"sglang" """)), StringComparison.Ordinal);
    }

    [Fact]
    public Task No_secret_stands_where_everybody_reads_it() => Holds(
        (Command(""" "vllm","serve","Qwen/Qwen3-8B","--api-key","abcdefgh" """), "spec.command[4]: expected no secret in a deployment"),
        (Command(""" "vllm","serve","Qwen/Qwen3-8B","--api-key=abcdefgh" """), "spec.command[3]: expected no secret"),
        (Command(""" "sh","-c","HF_TOKEN=abcdefgh exec vllm serve Qwen/Qwen3-8B" """), "spec.command[2]: expected no secret"),
        (Command(""" "sh","-c","exec vllm serve Qwen/Qwen3-8B --api-key $KEY" """), ""),
        (Environment("REPUBLIC_DB_PASSWORD", "x"), "expected no secret"),
        (Environment("KEY_PASSPHRASE", "x"), "expected no secret"),
        (Environment("A", "postgres://u:pa$$w0rd@h/d"), "expected no secret"),
        (Environment("A", "redis://:hunter22@redis"), "expected no secret"),
        (Environment("A", "Basic dXNlcjpwYXNzd29yZDEyMw"), "expected no secret"),
        (Environment("A", "bearer abcdefghijklmnopqrst"), "expected no secret"),
        (Environment("A", "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxIn0.c2ln"), "expected no secret"),
        (Environment("A", "sk_live_abcdefghijklmnopqrst"), "expected no secret"),
        (Environment("A", "postgres://u:$PASSWORD@h/d"), ""),
        (Environment("PUBLIC_KEY", "x"), ""));

    private static string Command(string words) => $$""" "model":"qwen3-8b","command":[ {{words}} ]""";

    private static string Weights(string path) => $$""" "model":"qwen3-8b","weights":{"path":"{{path}}"}""";

    private static string Adapter(string id, string path) => $$""" "model":"qwen3-8b","adapters":[{"id":"{{id}}","path":"{{path}}"}]""";

    private static string Environment(string name, string value) => $$""" "model":"qwen3-8b","environment":{"{{name}}":"{{value}}"}""";

    private static string Secret(string name) => $$""" "model":"qwen3-8b","secrets":{"{{name}}":{"name":"s","key":"k"} }""";

    private static int Count(string line, string flag) => line.Split(' ').Count(word => word == flag);

    private async Task Holds(params (string Spec, string Fault)[] cases)
    {
        await using var catalogue = await StartAsync(await postgres.CreateDatabaseAsync());
        await Holds(catalogue, cases);
    }

    /// <param name="cases">What is declared, and what one of the faults says; empty: there is none.</param>
    private static async Task Holds(CatalogueReplica catalogue, params (string Spec, string Fault)[] cases)
    {
        var wrong = new List<string>();
        foreach (var (spec, fault) in cases)
        {
            var faults = Faults(await Ask(catalogue, spec));
            if (fault.Length == 0 ? faults.Count > 0 : !faults.Exists(found => found.Contains(fault, StringComparison.Ordinal)))
            {
                wrong.Add($"{spec}\n  expected: {fault}\n  found:    {string.Join("\n            ", faults)}");
            }
        }

        Assert.Empty(wrong);
    }

    private static string Arguments(string arguments) => $$""" "model":"qwen3-8b","arguments":{ {{arguments}} }""";

    private static string Of(string entry) => $$""" "entry":{ {{entry.Trim()}} }""";

    private static async Task<JsonNode> Ask(CatalogueReplica catalogue, string spec)
    {
        var gpu = spec.Contains("\"gpu\"", StringComparison.Ordinal) ? "" : "\"gpu\":{\"count\":0},";
        var question = $$"""{"namespace":"default","spec":{ {{gpu}} {{spec}} } }""";
        return (await catalogue.Send(HttpMethod.Post, "/internal/deployments/brief", question, Internal, "application/json")).ExpectOk().Json;
    }

    private static List<string> Faults(JsonNode brief) => [.. (brief["faults"]?.AsArray() ?? []).Select(fault => (string)fault!["message"]!)];

    private static string Line(JsonNode brief) => string.Join(' ', brief["choices"]![0]!["arguments"]!.AsArray().Select(word => (string?)word));
}
