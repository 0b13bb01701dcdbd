using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;

namespace Orrery.Tests.Servers;

/// <summary>One of the Python servers (Engines/Servers) as a process of its own, on a free port, with stand-ins for the libraries of models (<c>libraries</c>).</summary>
internal sealed class ServerProcess : IAsyncDisposable
{
    private static readonly string Servers = Path.Combine(Repository.Root, "Engines", "Servers");
    private static readonly string Libraries = Path.Combine(Repository.Root, "Tests", "Servers", "libraries");

    private readonly Process _process;
    private readonly Task<string> _errors;
    private readonly string _jobs;

    private ServerProcess(Process process, string jobs)
    {
        (_process, _jobs) = (process, jobs);
        _errors = process.StandardError.ReadToEndAsync();
    }

    public string Url { get; private set; } = "";

    public HttpClient Client { get; private set; } = null!;

    /// <summary>Starts a server and waits until it is ready.</summary>
    /// <param name="command">As in a shell: <c>tts --model a/b --family kokoro</c>.</param>
    public static async Task<ServerProcess> StartAsync(string command, params (string Name, string Value)[] environment)
    {
        var server = await BeginAsync(command, environment);
        await Eventually.Holds(async () => (server._process.HasExited, (await server.HealthAsync()).Status), seen => seen.HasExited || seen.Status == 200);
        Assert.False(server._process.HasExited, server._process.HasExited ? await server._errors : "");
        return server;
    }

    /// <summary>Starts a server and waits until it listens; it may be loading still, or be about to end.</summary>
    public static async Task<ServerProcess> BeginAsync(string command, params (string Name, string Value)[] environment)
    {
        var jobs = Directory.CreateTempSubdirectory("orrery-tests-jobs-").FullName;
        var process = Start(["-m", "orrery_servers." + command.Split(' ')[0], .. command.Split(' ')[1..], "--port", "0"], [("ORRERY_JOBS_DIRECTORY", jobs), .. environment]);
        var server = new ServerProcess(process, jobs);
        var line = await process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken) ?? await server._errors;
        Assert.Contains("listening on http://", line, StringComparison.Ordinal);
        server.Url = line[line.IndexOf("http://", StringComparison.Ordinal)..];
        server.Client = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = new Uri(server.Url), Timeout = TimeSpan.FromSeconds(60) };
        return server;
    }

    /// <summary>Runs Python to its end, with the servers' modules.</summary>
    public static async Task<(int ExitCode, string Output, string Error)> RunAsync(params string[] arguments)
    {
        using var process = Start(arguments, []);
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return (process.ExitCode, await output, await error);
    }

    public async Task<(int Status, string Text)> HealthAsync()
    {
        using var answer = await Client.GetAsync("/health");
        return ((int)answer.StatusCode, await answer.Content.ReadAsStringAsync());
    }

    public Task<HttpResponseMessage> SendAsync(string path, object body, bool stream = false) => SendAsync(path, JsonSerializer.Serialize(body), stream);

    public Task<HttpResponseMessage> SendAsync(string path, string json, bool stream = false, CancellationToken cancel = default) => Client.SendAsync(
        new HttpRequestMessage(HttpMethod.Post, path) { Content = new StringContent(json, Encoding.UTF8, "application/json") },
        stream ? HttpCompletionOption.ResponseHeadersRead : HttpCompletionOption.ResponseContentRead,
        cancel);

    /// <summary>The JSON of an answer that must be 200.</summary>
    public async Task<JsonElement> AskAsync(string path, object body) => await JsonAsync(await SendAsync(path, body));

    public static async Task<JsonElement> JsonAsync(HttpResponseMessage answer)
    {
        using (answer)
        {
            var text = await answer.Content.ReadAsStringAsync();
            Assert.True(answer.IsSuccessStatusCode, text);
            return JsonDocument.Parse(text).RootElement;
        }
    }

    /// <summary>What is told in place of an answer.</summary>
    public static async Task<Refusal> RefusalAsync(HttpResponseMessage answer)
    {
        using (answer)
        {
            var text = await answer.Content.ReadAsStringAsync();
            Assert.False(answer.IsSuccessStatusCode, text);
            Gateway.OpenAiSchema.Load().Validate("ErrorResponse", text);
            var error = JsonDocument.Parse(text).RootElement.GetProperty("error");
            return new Refusal((int)answer.StatusCode, error.GetProperty("code").GetString(), error.GetProperty("param").GetString(), error.GetProperty("message").GetString()!, answer.Headers.RetryAfter is not null);
        }
    }

    public async Task<Refusal> RefusedAsync(string path, object body) => await RefusalAsync(await SendAsync(path, body));

    /// <summary>A recording as clients send it.</summary>
    public static MultipartFormDataContent Form(byte[] recording, params (string Name, string Value)[] fields)
    {
        var form = new MultipartFormDataContent();
        foreach (var (name, value) in fields)
        {
            form.Add(new StringContent(value), name);
        }

        var file = new ByteArrayContent(recording);
        file.Headers.ContentType = new MediaTypeHeaderValue("audio/wav");
        form.Add(file, "file", "speech.wav");
        return form;
    }

    public async Task<double> MetricAsync(string name)
    {
        var lines = (await Client.GetStringAsync("/metrics")).Split('\n');
        return double.Parse(Assert.Single(lines, line => line.StartsWith(name + "{", StringComparison.Ordinal)).Split(' ')[^1], CultureInfo.InvariantCulture);
    }

    /// <summary>Nothing runs, and nothing waits.</summary>
    public Task IdleAsync() => Eventually.Holds(
        async () => await MetricAsync("vllm:num_requests_running") + await MetricAsync("vllm:num_requests_waiting"),
        active => active == 0);

    /// <summary>Asks it to stop, as Kubernetes does.</summary>
    public void Terminate()
    {
        using var kill = Process.Start("kill", ["-TERM", _process.Id.ToString(CultureInfo.InvariantCulture)]);
    }

    public async Task<(int ExitCode, string Error)> EndedAsync()
    {
        using var late = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        late.CancelAfter(TimeSpan.FromSeconds(30));
        await _process.WaitForExitAsync(late.Token);
        return (_process.ExitCode, await _errors);
    }

    /// <summary>The files of its videos.</summary>
    public IEnumerable<string> Videos => Directory.EnumerateFiles(_jobs, "*", SearchOption.AllDirectories);

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
            await _process.WaitForExitAsync();
        }

        _process.Dispose();
        Client?.Dispose();
        Directory.Delete(_jobs, recursive: true);
    }

    private static Process Start(string[] arguments, (string Name, string Value)[] environment)
    {
        // Debian's own: what ./test installs is not there for a Python of another origin.
        Assert.SkipUnless(File.Exists("/usr/bin/python3") && File.Exists("/usr/lib/python3/dist-packages/starlette/__init__.py"), "Python's Starlette is not installed (Debian: python3-starlette).");
        var start = new ProcessStartInfo("/usr/bin/python3", arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["PYTHONPATH"] = $"{Servers}:{Libraries}";
        start.Environment["PYTHONDONTWRITEBYTECODE"] = "1";
        start.Environment["PYTHONUNBUFFERED"] = "1";
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        return Process.Start(start) ?? throw new InvalidOperationException("Python did not start.");
    }

    internal sealed record Refusal(int Status, string? Code, string? Param, string Message, bool SaysWhen);
}
