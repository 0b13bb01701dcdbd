using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Orrery.Tests.Hosting.Publishing;

/// <summary>What is wrong is said at once, by name, with its remedy; and nothing is touched.</summary>
public sealed class ManifestErrorTests
{
    [Fact]
    public async Task Every_mistake_of_the_graph_is_listed_with_its_remedy()
    {
        var error = await Assert.ThrowsAsync<DistributedApplicationException>(() => ManifestOf.GraphAsync(graph =>
        {
            var hidden = graph.AddContainer("hidden", "a", "1").WithHttpEndpoint(targetPort: 80).ExcludeFromManifest();
            var flag = graph.AddParameter("flag");
            graph.AddResource(new ContainerResource("bare"));
            graph.AddContainer("box", "a", "1")
                .WithVolume("/scratch")
                .WithEnvironment("HIDDEN", hidden.GetEndpoint("http"))
                .WithEnvironment("GRPC", hidden.GetEndpoint("grpc"))
                .WithEnvironment("FLAG", ReferenceExpression.CreateConditional(flag.Resource, "a", ReferenceExpression.Create($"x"), ReferenceExpression.Create($"y")))
                .WithEnvironment("HOST", ReferenceExpression.Create($"{hidden.GetEndpoint("http"):uri}"))
                .WithEnvironment(context => context.EnvironmentVariables["LATE"] = new Late())
                .WithEndpoint("names", endpoint => (endpoint.Transport, endpoint.TargetPort) = ("udp", 53));
            graph.AddContainer("broken", "a", "1").WithArgs(_ => throw new InvalidOperationException("Set Models."));
            graph.AddParameter("pw", secret: true);
            graph.AddParameter("pw-uri-encoded");
            graph.AddConnectionString("cs", expression => expression.Append($"{graph.CreateResourceBuilder<ParameterResource>("pw").Resource:uri}"));
            graph.AddResource(new Listener("own")).WithHttpEndpoint();
            graph.AddContainer("user", "a", "1").WithEnvironment("OWN", graph.CreateResourceBuilder<Listener>("own").GetEndpoint("http"));
            graph.AddResource(new Listener("throws")).WithAnnotation(new ManifestPublishingCallbackAnnotation(context =>
            {
                context.Writer.WriteStartObject("half");
                throw new InvalidOperationException("No licence.");
            }));
        }));
        string[] mistakes =
        [
            "Container 'bare' has no image: call WithImage.",
            "Container 'box' mounts a volume without a name at /scratch; in a manifest it needs one: WithVolume(\"box-data\", \"/scratch\").",
            "Resource 'box' refers to the endpoint 'grpc' of 'hidden', which has only http: add it with WithEndpoint, or refer to another one.",
            "Resource 'box' uses {hidden.bindings.http.url} in the format 'uri', which a manifest has for parameters only: leave the format out, or put the value into a parameter.",
            "Environment variable LATE of resource 'box' is a Late, which has no placeholder: expected an IManifestExpressionProvider.",
            "Endpoint 'names' of resource 'box' has the transport 'udp', which a manifest does not know: set its Transport to http, http2 or tcp.",
            "The arguments of resource 'broken' cannot be found out: Set Models.",
            "Resource 'throws' cannot be written: No licence.",
            "The manifest needs the name 'pw-uri-encoded' for the encoded form of parameter 'pw': give the resource of this name another one.",
            "A text depends on parameter 'flag', whose value is not known when the manifest is written: decide in the AppHost, or hand the parameter itself on.",
            "Resource 'box' refers to 'hidden', which is left out of the manifest: do not exclude 'hidden', or leave the reference out of 'box' when it is published.",
            "Resource 'user' refers to 'own', a Listener, which has no form in a manifest: give 'own' a ManifestPublishingCallbackAnnotation that writes it.",
        ];
        Assert.Equal(["The graph cannot be written as a manifest; 12 mistakes:", .. mistakes.Select(one => "- " + one)], error.Message.Split('\n'));
    }

    [Fact]
    public async Task A_single_mistake_is_the_whole_message()
    {
        var error = await Assert.ThrowsAsync<DistributedApplicationException>(() => ManifestOf.GraphAsync(graph => graph.AddResource(new ContainerResource("bare"))));
        Assert.Equal("Container 'bare' has no image: call WithImage.", error.Message);
    }

    [Fact]
    public async Task After_a_failure_the_former_file_stands_alone()
    {
        using var checkout = new ManifestOf();
        var former = await checkout.WriteAsync(graph => graph.AddContainer("box", "a", "1"));
        await Assert.ThrowsAsync<DistributedApplicationException>(() => checkout.WriteAsync(graph => graph.AddResource(new ContainerResource("bare"))));
        Assert.Equal(former, await File.ReadAllTextAsync(checkout.Output, Graph.Soon()));
        Assert.Equal([checkout.Output], Directory.GetFiles(checkout.Folder));
    }

    [Fact]
    public async Task Whoever_reads_the_file_while_it_is_replaced_reads_the_former_one_to_its_end()
    {
        using var checkout = new ManifestOf();
        var former = await checkout.WriteAsync(graph => graph.AddContainer("box", "a", "1"));
        using var reader = new StreamReader(checkout.Output);
        var now = await checkout.WriteAsync(graph => graph.AddContainer("other", "b", "2"));
        Assert.Equal(former, await reader.ReadToEndAsync(Graph.Soon()));
        Assert.NotEqual(former, now);
        Assert.Equal([checkout.Output], Directory.GetFiles(checkout.Folder));
    }

    [Theory]
    [InlineData("--publisher manifest", "The step publish-manifest needs --output-path: a file that ends in .json, or a folder, which then holds aspire-manifest.json.")]
    [InlineData("--publisher azure", "--publisher azure is not known: expected manifest, or --operation publish without --publisher for a Helm chart.")]
    [InlineData("--operation deploy", "--operation deploy is not known: expected run or publish.")]
    [InlineData("--operation run --publisher manifest", "--operation run and --publisher manifest exclude each other: leave one of them out.")]
    [InlineData("--step publish-manifest", "--step publish-manifest is a step of publishing: add --operation publish.")]
    public async Task A_wrong_command_line_is_refused(string line, string message) => Assert.Equal(message, await RefusalAsync(line));

    [Fact]
    public async Task An_unknown_step_is_refused_with_those_there_are()
    {
        var message = await RefusalAsync("--operation publish --step dance --output-path x");
        Assert.StartsWith("--step dance is not known to the bundled host: expected ", message, StringComparison.Ordinal);
        Assert.Contains("publish-manifest", message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_place_that_cannot_be_written_is_named()
    {
        using var checkout = new ManifestOf();
        await File.WriteAllTextAsync(Path.Combine(checkout.Folder, "file"), "", Graph.Soon());
        var message = await RefusalAsync($"--publisher manifest --output-path {checkout.Folder}/file/manifest.json");
        Assert.StartsWith("The output cannot be written: ", message, StringComparison.Ordinal);
        Assert.Contains($"{checkout.Folder}/file", message, StringComparison.Ordinal);
        Assert.EndsWith(" Choose another place with --output-path.", message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--publisher manifest", "aspire-manifest.json")]
    [InlineData("--publisher Manifest", "aspire-manifest.json")]
    [InlineData("--operation publish --step publish-manifest", "aspire-manifest.json")]
    [InlineData("--AppHost:Operation=publish --Pipeline:Step=publish-manifest", "aspire-manifest.json")]
    [InlineData("--publisher manifest", "deep/er/m.json")]
    public async Task Every_spelling_writes_the_file_or_into_the_folder(string line, string file)
    {
        using var checkout = new ManifestOf();
        var output = Path.Combine(checkout.Folder, "out", file == "aspire-manifest.json" ? "" : file);
        await using var app = await checkout.BuildAsync(graph => graph.AddContainer("box", "a", "1"), [.. line.Split(' '), "--output-path", output]);
        await app.StartAsync(Graph.Soon());
        Assert.True(File.Exists(Path.Combine(checkout.Folder, "out", file)));
    }

    [Fact]
    public async Task Nothing_starts_and_no_state_is_made()
    {
        using var checkout = new ManifestOf();
        var service = new Started();
        var state = Path.Combine(checkout.Folder, "state");
        var events = new List<string>();
        string? step = null;
        await checkout.WriteAsync(
            graph =>
            {
                graph.Services.AddSingleton<IHostedService>(service);
                graph.Eventing.Subscribe<BeforeStartEvent>((e, _) => Note("before", e.Model.Resources.Count));
                graph.Eventing.Subscribe<AfterResourcesCreatedEvent>((_, _) => Note("after", 0));
                graph.AddExecutable("tool", "touch", ".", "started").WithEnvironment("KEY", graph.AddParameter("key", new GenerateParameterDefault(), secret: true));
                step = graph.Configuration["Pipeline:Step"];
            },
            $"--AppHost:StateDirectory={state}");
        Assert.False(service.HasStarted);
        Assert.False(Directory.Exists(state));
        Assert.Equal(["before 2"], events);
        Assert.Equal("publish-manifest", step);
        Assert.False(File.Exists(Path.Combine(checkout.Folder, "host", "started")));

        Task Note(string name, int count)
        {
            events.Add($"{name} {count}");
            return Task.CompletedTask;
        }
    }

    private static async Task<string> RefusalAsync(string line)
    {
        using var checkout = new ManifestOf();
        await using var app = await checkout.BuildAsync(graph => graph.AddContainer("box", "a", "1"), line.Split(' '));
        return (await Assert.ThrowsAsync<DistributedApplicationException>(() => app.StartAsync(Graph.Soon()))).Message;
    }

    private sealed class Listener(string name) : Resource(name), IResourceWithEndpoints;

    private sealed class Late : IValueProvider
    {
        public ValueTask<string?> GetValueAsync(CancellationToken cancellationToken = default) => ValueTask.FromResult<string?>("late");
    }

    private sealed class Started : IHostedService
    {
        public bool HasStarted { get; private set; }

        public Task StartAsync(CancellationToken cancellationToken)
        {
            HasStarted = true;
            return Task.CompletedTask;
        }

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
