using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Publishing;

namespace Orrery.Tests.Hosting.Publishing;

public sealed class ManifestContentTests
{
    [Fact]
    public async Task Layout_is_two_spaces_line_feeds_and_a_last_newline()
    {
        var manifest = await ManifestOf.GraphAsync(graph => graph.AddContainer("box", "a", "1").WithArgs("x<y"));
        Assert.Equal(
            "{\n  \"resources\": {\n    \"box\": {\n      \"type\": \"container.v0\",\n      \"image\": \"a:1\",\n      \"args\": [\n        \"x\\u003Cy\"\n      ]\n    }\n  }\n}\n",
            manifest);
    }

    [Fact]
    public async Task A_container_has_its_mounts_as_seen_from_the_manifest()
    {
        var manifest = await ManifestOf.GraphAsync(graph => graph.AddContainer("box", "ghcr.io/a/b@sha256:abc")
            .WithEntrypoint("/bin/x")
            .WithVolume("data", "/data")
            .WithBindMount("../config/a.yaml", "/etc/a.yaml", isReadOnly: true)
            .WithBindMount("here", "/here"));
        Assert.Equal(
            """{"type":"container.v0","image":"ghcr.io/a/b@sha256:abc","entrypoint":"/bin/x","bindMounts":[{"source":"config/a.yaml","target":"/etc/a.yaml","readOnly":true},{"source":"host/here","target":"/here","readOnly":false}],"volumes":[{"name":"data","target":"/data","readOnly":false}]}""",
            ManifestOf.Entry(manifest, "box"));
        Assert.Empty(ManifestRules.Faults(manifest));
    }

    [Fact]
    public async Task An_executable_has_its_folder_command_arguments_and_bindings()
    {
        var manifest = await ManifestOf.GraphAsync(graph =>
        {
            var key = graph.AddParameter("key", secret: true);
            var tool = graph.AddExecutable("tool", "node", "../web", "server.js").WithHttpEndpoint(port: 80, env: "PORT").WithExternalHttpEndpoints();
            tool.WithArgs("--key", key, 7, tool.GetEndpoint("http"));
        });
        Assert.Equal(
            """{"type":"executable.v0","workingDirectory":"web","command":"node","args":["server.js","--key","{key.value}","7","{tool.bindings.http.url}"],"env":{"PORT":"{tool.bindings.http.targetPort}"},"bindings":{"http":{"scheme":"http","protocol":"tcp","transport":"http","port":80,"targetPort":8000,"external":true}}}""",
            ManifestOf.Entry(manifest, "tool"));
        Assert.Empty(ManifestRules.Faults(manifest));
    }

    [Fact]
    public async Task Ports_are_given_ones_or_counted_from_8000_past_those_in_use()
    {
        var manifest = await ManifestOf.GraphAsync(graph =>
        {
            graph.AddContainer("first", "a", "1")
                .WithHttpEndpoint(port: 8000)
                .WithHttpEndpoint(port: 80, targetPort: 8080, name: "web")
                .WithEndpoint(name: "free")
                .WithEndpoint("names", endpoint => (endpoint.Protocol, endpoint.Transport, endpoint.TargetPort) = (ProtocolType.Udp, "tcp", 53));
            graph.AddContainer("second", "a", "1").WithEndpoint(name: "free");
        });
        Assert.Contains(
            """
            "bindings":{"http":{"scheme":"http","protocol":"tcp","transport":"http","targetPort":8000},"web":{"scheme":"http","protocol":"tcp","transport":"http","port":80,"targetPort":8080},"free":{"scheme":"tcp","protocol":"tcp","transport":"tcp","targetPort":8001},"names":{"scheme":"tcp","protocol":"udp","transport":"tcp","targetPort":53}}
            """.Trim(),
            ManifestOf.Entry(manifest, "first"),
            StringComparison.Ordinal);
        Assert.Contains("\"targetPort\":8002", ManifestOf.Entry(manifest, "second"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_tool_chooses_the_first_web_port_of_a_project_and_the_manifest_the_others()
    {
        using var checkout = new ManifestOf();
        checkout.AddProject("Api/Api.csproj", "http://localhost:5001");
        var manifest = await checkout.WriteAsync(graph => graph.AddProject("api", "../Api/Api.csproj").WithHttpEndpoint(name: "admin").AsHttp2Service());
        Assert.Contains(
            "\"HTTP_PORTS\":\"{api.bindings.http.targetPort};{api.bindings.admin.targetPort}\"", ManifestOf.Entry(manifest, "api"), StringComparison.Ordinal);
        Assert.EndsWith(
            """
            "bindings":{"http":{"scheme":"http","protocol":"tcp","transport":"http2"},"admin":{"scheme":"http","protocol":"tcp","transport":"http2","targetPort":8000}}}
            """.Trim(),
            ManifestOf.Entry(manifest, "api"),
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task Parameters_say_how_they_are_supplied()
    {
        var manifest = await ManifestOf.GraphAsync(graph =>
        {
            graph.AddParameter("plain");
            graph.AddParameter("kept", "not shown");
            graph.AddParameter("shown", "eu-west", publishValueAsDefault: true);
            graph.AddParameter("made", new GenerateParameterDefault { MinLength = 30, Upper = false, MinNumeric = 2 }, secret: true, persist: true);
            graph.AddConnectionString("far");
        });
        Assert.Equal("""{"type":"parameter.v0","value":"{plain.inputs.value}","inputs":{"value":{"type":"string"}}}""", ManifestOf.Entry(manifest, "plain"));
        Assert.Equal("""{"type":"parameter.v0","value":"{kept.inputs.value}","inputs":{"value":{"type":"string"}}}""", ManifestOf.Entry(manifest, "kept"));
        Assert.Equal(
            """{"type":"parameter.v0","value":"{shown.inputs.value}","inputs":{"value":{"type":"string","default":{"value":"eu-west"}}}}""",
            ManifestOf.Entry(manifest, "shown"));
        Assert.Equal(
            """{"type":"parameter.v0","value":"{made.inputs.value}","inputs":{"value":{"type":"string","secret":true,"default":{"generate":{"minLength":30,"upper":false,"minNumeric":2}}}}}""",
            ManifestOf.Entry(manifest, "made"));
        Assert.Equal(
            """{"type":"parameter.v0","connectionString":"{far.value}","value":"{far.inputs.value}","inputs":{"value":{"type":"string","secret":true}}}""",
            ManifestOf.Entry(manifest, "far"));
        Assert.Empty(ManifestRules.Faults(manifest));
    }

    [Fact]
    public async Task What_is_only_referred_to_follows_the_graph_and_its_encoded_form_follows_it()
    {
        var manifest = await ManifestOf.GraphAsync(graph =>
        {
            var known = graph.AddParameter("known", secret: true);
            graph.AddConnectionString("url", ReferenceExpression.Create($"x://{known.Resource:uri}@{ReferenceExpression.Create($"a b"):uri}"));
            var redis = graph.AddRedis("redis");
            graph.AddContainer("box", "a", "1").WithReference(redis);
        });
        Assert.Equal(
            ["known", "url", "redis", "box", "redis-password", "redis-password-uri-encoded", "known-uri-encoded", "cond-redis-bindings-tcp-tlsenabled-d148d83a"],
            ManifestOf.Names(manifest));
        Assert.Equal("""{"type":"value.v0","connectionString":"x://{known-uri-encoded.value}@a%20b"}""", ManifestOf.Entry(manifest, "url"));
        Assert.Empty(ManifestRules.Faults(manifest));
    }

    [Fact]
    public async Task An_external_service_is_its_url_wherever_it_is_used()
    {
        var manifest = await ManifestOf.GraphAsync(graph =>
        {
            var url = graph.AddParameter("far-url");
            var near = graph.AddExternalService("near", "https://near.example");
            var far = graph.AddExternalService("far", url);
            graph.AddContainer("box", "a", "1").WithReference(near).WithReference(far);
        });
        Assert.Equal(["far-url", "box"], ManifestOf.Names(manifest));
        Assert.Equal(
            """{"type":"container.v0","image":"a:1","env":{"services__near__https__0":"https://near.example/","NEAR":"https://near.example/","services__far__default__0":"{far-url.value}","FAR":"{far-url.value}"}}""",
            ManifestOf.Entry(manifest, "box"));
    }

    [Fact]
    public async Task A_resource_may_write_itself_and_one_that_cannot_says_so()
    {
        var manifest = await ManifestOf.GraphAsync(graph =>
        {
            var key = ParameterResourceBuilderExtensions.CreateDefaultPasswordParameter(graph, "own-key");
            graph.AddResource(new Thing("own")).WithAnnotation(new ManifestPublishingCallbackAnnotation(context =>
            {
                context.Writer.WriteString("type", "thing.v0");
                context.Writer.WriteString("file", context.GetManifestRelativePath(Path.Combine(graph.AppHostDirectory, "a")));
                context.Writer.WriteString("key", key.ValueExpression);
                context.TryAddDependentResources(key);
            }));
            graph.AddResource(new Thing("other"));
            graph.AddResource(new Thing("hidden")).ExcludeFromManifest();
            graph.AddResource(new Cluster("cluster"));
        });
        Assert.Equal(["own", "other", "own-key"], ManifestOf.Names(manifest));
        Assert.Equal("""{"type":"thing.v0","file":"host/a","key":"{own-key.value}"}""", ManifestOf.Entry(manifest, "own"));
        Assert.Equal("""{"error":"This resource does not support generation in the manifest."}""", ManifestOf.Entry(manifest, "other"));
    }

    [Fact]
    public async Task A_condition_chooses_a_text_with_its_holes_left_open()
    {
        var manifest = await ManifestOf.GraphAsync(graph =>
        {
            var key = graph.AddParameter("key", secret: true);
            var server = graph.AddContainer("server", "a", "1").WithHttpsEndpoint(targetPort: 443);
            var chosen = server.GetEndpoint("HTTPS").GetTlsValue(ReferenceExpression.Create($"key={key}"), ReferenceExpression.Create($"plain"));
            graph.AddContainer("client", "a", "1").WithEnvironment("HOW", chosen);
        });
        var conditional = ManifestOf.Names(manifest)[^1];
        Assert.StartsWith("cond-server-bindings-https-tlsenabled-", conditional, StringComparison.Ordinal);
        Assert.Equal("""{"type":"value.v0","connectionString":"key={key.value}"}""", ManifestOf.Entry(manifest, conditional));
        Assert.Contains($"\"HOW\":\"{{{conditional}.connectionString}}\"", ManifestOf.Entry(manifest, "client"), StringComparison.Ordinal);
        Assert.Empty(ManifestRules.Faults(manifest));
    }

    [Fact]
    public async Task A_container_may_add_to_its_own_entry()
    {
        var manifest = await ManifestOf.GraphAsync(graph =>
        {
            var redis = graph.AddRedis("redis");
            redis.WithAnnotation(new ManifestPublishingCallbackAnnotation(async context =>
            {
                await context.WriteContainerAsync(redis.Resource);
                context.Writer.WriteNumber("scale", 2);
            }));
        });
        Assert.EndsWith("\"targetPort\":6379}},\"scale\":2}", ManifestOf.Entry(manifest, "redis"), StringComparison.Ordinal);
        Assert.Equal(["redis", "redis-password", "cond-redis-bindings-tcp-tlsenabled-d148d83a"], ManifestOf.Names(manifest));
    }

    [Fact]
    public async Task Parts_of_an_entry_can_be_written_without_a_whole_manifest()
    {
        var graph = Graph.Create("--publisher", "manifest");
        var key = graph.AddParameter("key", secret: true);
        var tool = graph.AddExecutable("tool", "x", ".", "-v").WithEnvironment("KEY", key).WithHttpEndpoint(targetPort: 80);
        using var text = new MemoryStream();
        await using var json = new Utf8JsonWriter(text);
        var context = new ManifestPublishingContext(graph.ExecutionContext, "/checkout/aspire-manifest.json", json, Graph.Soon());
        json.WriteStartObject();
        await context.WriteCommandLineArgumentsAsync(tool.Resource);
        await context.WriteEnvironmentVariablesAsync(tool.Resource);
        context.WriteBindings(tool.Resource);
        context.WriteConnectionString(graph.AddPostgres("pg").Resource);
        json.WriteString("path", context.GetManifestRelativePath("/checkout/src/a.csproj"));
        json.WriteString("none", context.GetManifestRelativePath(null));
        json.WriteEndObject();
        await json.FlushAsync(Graph.Soon());
        Assert.Equal(
            """{"args":["-v"],"env":{"KEY":"{key.value}"},"bindings":{"http":{"scheme":"http","protocol":"tcp","transport":"http","targetPort":80}},"connectionString":"Host={pg.bindings.tcp.host};Port={pg.bindings.tcp.port};Username=postgres;Password={pg-password.value}","path":"src/a.csproj","none":null}""",
            Encoding.UTF8.GetString(text.ToArray()));

        // Nobody collects mistakes here.
        json.Reset();
        json.WriteStartObject();
        await Assert.ThrowsAsync<DistributedApplicationException>(() => context.WriteContainerAsync(new ContainerResource("bare")));
    }

    private sealed class Thing(string name) : Resource(name);

    private sealed class Cluster(string name) : Resource(name), IComputeEnvironmentResource;
}
