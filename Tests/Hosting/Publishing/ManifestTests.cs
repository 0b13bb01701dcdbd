using System.Text.Json.Nodes;
using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;

namespace Orrery.Tests.Hosting.Publishing;

/// <summary>Small graphs, written as manifests.</summary>
public sealed class ManifestTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("orrery-manifest-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Redis_with_its_generated_password_and_its_condition()
    {
        var manifest = await WriteAsync(builder => builder.AddRedis("redis"));

        Equal(
            """{"type":"container.v0","connectionString":"{redis.bindings.tcp.host}:{redis.bindings.tcp.port},password={redis-password.value}{cond-redis-bindings-tcp-tlsenabled-d148d83a.connectionString}","image":"docker.io/library/redis:8.6","entrypoint":"/bin/sh","args":["-c","redis-server --requirepass $REDIS_PASSWORD"],"env":{"REDIS_PASSWORD":"{redis-password.value}"},"bindings":{"tcp":{"scheme":"redis","protocol":"tcp","transport":"tcp","targetPort":6379}}}""",
            manifest["redis"]);
        Equal("""{"type":"parameter.v0","value":"{redis-password.inputs.value}","inputs":{"value":{"type":"string","secret":true,"default":{"generate":{"minLength":22,"special":false}}}}}""", manifest["redis-password"]);
        Equal("""{"type":"value.v0","connectionString":""}""", manifest["cond-redis-bindings-tcp-tlsenabled-d148d83a"]);
        Assert.Equal(["redis", "redis-password", "cond-redis-bindings-tcp-tlsenabled-d148d83a"], manifest.Select(entry => entry.Key));
    }

    [Fact]
    public async Task Postgres_with_a_database_and_a_consumer()
    {
        var manifest = await WriteAsync(builder =>
        {
            var database = builder.AddPostgres("pg").AddDatabase("db");
            builder.AddContainer("consumer", "app", "1").WithReference(database);
        });

        Equal("""{"type":"value.v0","connectionString":"{pg.connectionString};Database=db"}""", manifest["db"]);
        var env = manifest["consumer"]!["env"]!;
        Assert.Equal("{db.connectionString}", (string?)env["ConnectionStrings__db"]);
        Assert.Equal("{pg.bindings.tcp.host}", (string?)env["DB_HOST"]);
        Assert.Equal("postgresql://postgres:{pg-password-uri-encoded.value}@{pg.bindings.tcp.host}:{pg.bindings.tcp.port}/db", (string?)env["DB_URI"]);
        Equal("""{"type":"annotated.string","value":"{pg-password.value}","filter":"uri"}""", manifest["pg-password-uri-encoded"]);
        Assert.Equal("{pg-password.value}", (string?)manifest["pg"]!["env"]!["POSTGRES_PASSWORD"]);
    }

    [Fact]
    public async Task A_project_with_its_launch_profiles_endpoints()
    {
        var service = Directory.CreateDirectory(Path.Combine(_folder, "svc", "Api", "Properties"));
        await File.WriteAllTextAsync(Path.Combine(service.FullName, "launchSettings.json"),
            """{"profiles":{"https":{"commandName":"Project","applicationUrl":"https://localhost:7001;http://localhost:5001","environmentVariables":{"ASPNETCORE_ENVIRONMENT":"Development"}}}}""",
            TestContext.Current.CancellationToken);

        var manifest = await WriteAsync(builder => builder.AddProject("api", Path.Combine(_folder, "svc", "Api", "Api.csproj")));

        Equal(
            """{"type":"project.v0","path":"svc/Api/Api.csproj","env":{"OTEL_DOTNET_EXPERIMENTAL_OTLP_RETRY":"in_memory","ASPNETCORE_FORWARDEDHEADERS_ENABLED":"true","HTTP_PORTS":"{api.bindings.http.targetPort}"},"bindings":{"https":{"scheme":"https","protocol":"tcp","transport":"http"},"http":{"scheme":"http","protocol":"tcp","transport":"http"}}}""",
            manifest["api"]);
    }

    [Fact]
    public async Task Everything_else_has_its_form()
    {
        var manifest = await WriteAsync(builder =>
        {
            builder.AddParameter("region", "eu", publishValueAsDefault: true);
            builder.AddParameter("asked");
            builder.AddConnectionString("elsewhere");
            var tool = builder.AddExecutable("tool", "python3", ".", "serve.py", "--port", "9000").WithHttpEndpoint(targetPort: 9000, name: "http");
            builder.AddContainer("box", "box").WithImageRegistry("ghcr.io").WithImageSHA256("ab").WithBindMount("conf", "/conf", isReadOnly: true).WithVolume("/cache")
                .WithEndpoint(port: 9999, targetPort: 53, scheme: "udp", name: "dns", protocol: System.Net.Sockets.ProtocolType.Udp)
                .WithEnvironment("TOOL", tool.GetEndpoint("http")).WithReference(builder.AddExternalService("outside", "https://example.com/"));
            builder.AddResource(new Custom("custom"));
            builder.AddResource(new Custom("own")).WithAnnotation(new ManifestPublishingCallbackAnnotation(context => context.Writer.WriteString("type", "own.v0")));
            builder.AddContainer("hidden", "hidden").ExcludeFromManifest();
        });

        Equal("""{"type":"parameter.v0","value":"{region.inputs.value}","inputs":{"value":{"type":"string","default":{"value":"eu"}}}}""", manifest["region"]);
        Equal("""{"type":"parameter.v0","value":"{asked.inputs.value}","inputs":{"value":{"type":"string"}}}""", manifest["asked"]);
        Assert.Equal("parameter.v0", (string?)manifest["elsewhere"]!["type"]);
        Equal("""{"type":"executable.v0","workingDirectory":".","command":"python3","args":["serve.py","--port","9000"],"bindings":{"http":{"scheme":"http","protocol":"tcp","transport":"http","targetPort":9000}}}""", manifest["tool"]);
        Equal(
            """{"type":"container.v0","image":"ghcr.io/box@sha256:ab","bindMounts":[{"source":"conf","target":"/conf","readOnly":true}],"volumes":[{"target":"/cache","readOnly":false}],"env":{"TOOL":"{tool.bindings.http.url}","services__outside__https__0":"https://example.com/","OUTSIDE":"https://example.com/"},"bindings":{"dns":{"scheme":"udp","protocol":"udp","transport":"udp","port":9999,"targetPort":53}}}""",
            manifest["box"]);
        Equal("""{"error":"This resource does not support generation in the manifest."}""", manifest["custom"]);
        Equal("""{"type":"own.v0"}""", manifest["own"]);
        Assert.False(manifest.ContainsKey("hidden") || manifest.ContainsKey("outside"));
    }

    [Fact]
    public async Task Two_checkouts_give_the_same_bytes()
    {
        var texts = new List<string>();
        foreach (var checkout in (string[])["one", "another place/with a space"])
        {
            var folder = Directory.CreateDirectory(Path.Combine(_folder, checkout, "AppHost")).FullName;
            var path = Path.Combine(_folder, checkout, "manifest.json");
            await PublishAsync(builder => builder.AddContainer("box", "box").WithBindMount("../conf", "/conf").WithReference(builder.AddRedis("redis")), path, folder);
            texts.Add(await File.ReadAllTextAsync(path, TestContext.Current.CancellationToken));
        }

        Assert.Equal(texts[0], texts[1]);
        Assert.EndsWith("}\n", texts[0], StringComparison.Ordinal);
        Assert.DoesNotContain('\r', texts[0]);
    }

    [Fact]
    public async Task All_that_is_wrong_is_said_at_once_and_the_old_file_stays()
    {
        var path = Path.Combine(_folder, "manifest.json");
        await File.WriteAllTextAsync(path, "the old one", TestContext.Current.CancellationToken);

        var error = await Assert.ThrowsAsync<DistributedApplicationException>(() => PublishAsync(
            builder =>
            {
                var hidden = builder.AddContainer("hidden", "hidden").WithHttpEndpoint(targetPort: 80, name: "http").ExcludeFromManifest();
                builder.AddContainer("one", "one").WithEnvironment("HIDDEN_URL", hidden.GetEndpoint("http"));
                builder.AddContainer("two", "two").WithArgs(hidden.GetEndpoint("http")).WithEnvironment(context => context.EnvironmentVariables["ODD"] = new object());
            },
            path));

        Assert.Contains("- one, variable HIDDEN_URL: it refers to 'hidden', which is left out of the manifest", error.Message, StringComparison.Ordinal);
        Assert.Contains("- two, argument 1: it refers to 'hidden'", error.Message, StringComparison.Ordinal);
        Assert.Contains("- two, variable ODD: a Object has no form in a manifest", error.Message, StringComparison.Ordinal);
        Assert.Equal("the old one", await File.ReadAllTextAsync(path, TestContext.Current.CancellationToken));
        Assert.Equal(["manifest.json"], Directory.EnumerateFileSystemEntries(_folder).Select(Path.GetFileName));
    }

    [Theory]
    [InlineData("--step is not known to the bundled host: expected publish or publish-manifest", "--operation", "publish", "--step", "deploy")]
    [InlineData("--publisher azure is not known to the bundled host: expected manifest", "--publisher", "azure")]
    [InlineData("--operation destroy is not known: expected run or publish", "--operation", "destroy")]
    public async Task An_unknown_request_is_refused_by_name(string expected, params string[] arguments)
    {
        var error = await Assert.ThrowsAsync<DistributedApplicationException>(async () =>
        {
            await using var app = DistributedApplication.CreateBuilder(arguments).Build();
            await app.StartAsync(TestContext.Current.CancellationToken);
        });

        Assert.Contains(expected.Replace("--step is", "--step deploy is", StringComparison.Ordinal), error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_folder_gets_a_file_and_one_that_cannot_be_written_is_named()
    {
        await PublishAsync(builder => builder.AddParameter("a"), Path.Combine(_folder, "new", "folder"));
        Assert.True(File.Exists(Path.Combine(_folder, "new", "folder", "aspire-manifest.json")));

        var blocked = Path.Combine(_folder, "file");
        await File.WriteAllTextAsync(blocked, "", TestContext.Current.CancellationToken);
        var error = await Assert.ThrowsAsync<DistributedApplicationException>(() => PublishAsync(builder => builder.AddParameter("a"), Path.Combine(blocked, "manifest.json")));
        Assert.Contains("Choose another place with --output-path", error.Message, StringComparison.Ordinal);
    }

    private static void Equal(string expected, JsonNode? actual) => Assert.Equal(expected, actual?.ToJsonString(new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping }));

    private async Task<JsonObject> WriteAsync(Action<IDistributedApplicationBuilder> compose)
    {
        var path = Path.Combine(_folder, "manifest.json");
        await PublishAsync(compose, path, _folder);
        return JsonNode.Parse(await File.ReadAllTextAsync(path, TestContext.Current.CancellationToken))!["resources"]!.AsObject();
    }

    private async Task PublishAsync(Action<IDistributedApplicationBuilder> compose, string path, string? appHost = null)
    {
        var builder = DistributedApplication.CreateBuilder(new DistributedApplicationOptions
        {
            Args = ["--publisher", "manifest", "--output-path", path],
            ProjectDirectory = appHost ?? _folder,
        });
        compose(builder);
        await using var app = builder.Build();
        await app.StartAsync(TestContext.Current.CancellationToken);
    }

    private sealed class Custom(string name) : Resource(name);
}
