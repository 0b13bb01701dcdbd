using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Microsoft.Extensions.DependencyInjection;

namespace Orrery.Tests.Hosting;

public sealed class ResourceApiTests
{
    [Fact]
    public async Task The_graph_can_be_read_followed_and_commanded_with_the_key_alone()
    {
        var port = new PortAllocator().Take();
        var builder = Graph.CreateWithApi($"--AppHost:ResourceApiUrl=http://127.0.0.1:{port}", "--AppHost:ResourceService:ApiKey=k");
        var secret = builder.AddParameter("token", "hidden", secret: true);
        builder.AddExecutable("program", "sh", ".", "-c", "echo hello; exec sleep 1000").WithEnvironment("TOKEN", $"t={secret}").WithEnvironment("PLAIN", "seen");
        await using var app = await builder.StartAsync();
        await app.UntilLineAsync("program", "hello");
        using var client = app.Services.GetRequiredService<IHttpClientFactory>().CreateClient();
        client.BaseAddress = new Uri($"http://127.0.0.1:{port}");

        Assert.Equal(HttpStatusCode.Unauthorized, (await client.GetAsync("/api/resources", Graph.Soon())).StatusCode);
        client.DefaultRequestHeaders.Add("x-resource-service-api-key", "k");

        var text = await client.GetStringAsync("/api/resources", Graph.Soon());
        Assert.DoesNotContain("hidden", text, StringComparison.Ordinal);
        var program = JsonDocument.Parse(text).RootElement.EnumerateArray().Single(one => one.GetProperty("name").GetString() == "program");
        Assert.Equal("Running", program.GetProperty("state").GetString());
        Assert.Contains(program.GetProperty("environment").EnumerateArray(), one => one.GetProperty("name").GetString() == "PLAIN" && one.GetProperty("value").GetString() == "seen");

        Assert.Contains("hello", await client.GetStringAsync("/api/resources/program/logs", Graph.Soon()), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.NotFound, (await client.GetAsync("/api/resources/nobody/logs", Graph.Soon())).StatusCode);

        using var stream = new StreamReader(await client.GetStreamAsync("/api/resources/stream", Graph.Soon()));
        Assert.Equal("event: resource", await stream.ReadLineAsync(Graph.Soon()));
        var stopped = await client.PostAsJsonAsync("/api/resources/program/commands/stop", "", Graph.Soon());
        Assert.Equal(HttpStatusCode.OK, stopped.StatusCode);
        await app.UntilAsync("program", KnownResourceStates.Exited);
        Assert.Equal(HttpStatusCode.Conflict, (await client.PostAsync("/api/resources/program/commands/stop", null, Graph.Soon())).StatusCode);
    }

    [Fact]
    public async Task An_address_that_others_reach_is_refused()
    {
        var builder = Graph.CreateWithApi("--AppHost:ResourceApiUrl=http://0.0.0.0:1");
        await using var app = await builder.BuildAsync(Graph.Soon());
        var error = await Assert.ThrowsAsync<DistributedApplicationException>(() => app.StartAsync(Graph.Soon()));
        Assert.Equal("AppHost:ResourceApiUrl is 'http://0.0.0.0:1': the resource API takes a loopback address only, as http://127.0.0.1:18888.", error.Message);
    }
}
