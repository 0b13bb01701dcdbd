using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;

namespace Orrery.Tests.Hosting;

/// <summary>What a real process finds in its environment.</summary>
public sealed class EnvironmentTests
{
    [Fact]
    public async Task A_reference_to_a_service_gives_discovery_and_endpoint_variables()
    {
        var builder = Graph.Create();
        var api = builder.AddProject<Projects.Service>("my-api", launchProfileName: null).WithHttpEndpoint().WithHttpEndpoint(name: "admin").WithExplicitStart();
        builder.AddExecutable("probe", "env", ".").WithReference(api).WithReference(api.GetEndpoint("http"));
        await using var app = await builder.StartAsync();
        var seen = await EnvironmentOf(app, "probe");

        var http = api.GetEndpoint("http").Url;
        Assert.Equal(http, seen["services__my-api__http__0"]);
        Assert.Equal(http, seen["MY_API_HTTP"]);
        Assert.Equal(api.GetEndpoint("admin").Url, seen["services__my-api__admin__0"]);
        Assert.Equal(api.GetEndpoint("admin").Url, seen["MY_API_ADMIN"]);
        Assert.DoesNotContain("services__my-api__http__1", seen.Keys);
    }

    [Fact]
    public async Task A_reference_to_a_database_gives_its_connection_string_and_every_part()
    {
        var builder = Graph.Create();
        var password = builder.AddParameter("pw", "p/w", secret: true);
        var database = builder.AddPostgres("pg", password: password).WithExplicitStart().AddDatabase("my-db", "stock");
        builder.AddExecutable("probe", "env", ".").WithReference(database);
        await using var app = await builder.StartAsync();
        var seen = await EnvironmentOf(app, "probe");

        var port = database.Resource.Parent.PrimaryEndpoint.Port;
        Assert.Equal($"Host=localhost;Port={port};Username=postgres;Password=p/w;Database=stock", seen["ConnectionStrings__my-db"]);
        Assert.Equal("localhost", seen["MY_DB_HOST"]);
        Assert.Equal($"{port}", seen["MY_DB_PORT"]);
        Assert.Equal("postgres", seen["MY_DB_USERNAME"]);
        Assert.Equal("p/w", seen["MY_DB_PASSWORD"]);
        Assert.Equal("stock", seen["MY_DB_DATABASENAME"]);
        Assert.Equal($"postgresql://postgres:p%2Fw@localhost:{port}/stock", seen["MY_DB_URI"]);
        Assert.Equal($"jdbc:postgresql://localhost:{port}/stock", seen["MY_DB_JDBCCONNECTIONSTRING"]);
    }

    [Fact]
    public async Task A_reference_to_redis_gives_its_connection_string_and_every_part()
    {
        var builder = Graph.Create();
        var redis = builder.AddRedis("cache", port: null, password: builder.AddParameter("pw", "p/w", secret: true)).WithExplicitStart();
        builder.AddExecutable("probe", "env", ".").WithReference(redis, connectionName: "sessions");
        await using var app = await builder.StartAsync();
        var seen = await EnvironmentOf(app, "probe");

        var port = redis.Resource.PrimaryEndpoint.Port;
        Assert.Equal($"localhost:{port},password=p/w", seen["ConnectionStrings__sessions"]);
        Assert.Equal("localhost", seen["SESSIONS_HOST"]);
        Assert.Equal($"{port}", seen["SESSIONS_PORT"]);
        Assert.Equal("p/w", seen["SESSIONS_PASSWORD"]);
        Assert.Equal($"redis://:p%2Fw@localhost:{port}", seen["SESSIONS_URI"]);
    }

    [Fact]
    public async Task A_consumer_can_limit_what_a_reference_gives()
    {
        var builder = Graph.Create();
        var redis = builder.AddRedis("cache").WithExplicitStart();
        builder.AddExecutable("probe", "env", ".").WithReference(redis).WithReferenceEnvironment(ReferenceEnvironmentInjectionFlags.ConnectionProperties);
        await using var app = await builder.StartAsync();
        var seen = await EnvironmentOf(app, "probe");
        Assert.DoesNotContain("ConnectionStrings__cache", seen.Keys);
        Assert.Contains("CACHE_HOST", seen.Keys);
    }

    [Fact]
    public async Task A_project_is_told_where_to_listen_and_its_profile_never_overrides()
    {
        var builder = Graph.Create();
        builder.AddProject<Projects.Service>("service").WithEnvironment("OVERRIDDEN", "by graph").WithHttpHealthCheck("/health");
        await using var app = await builder.StartAsync();
        await app.UntilHealthyAsync("service");
        using var client = Aspire.Hosting.Testing.DistributedApplicationHostingTestingExtensions.CreateHttpClient(app, "service");
        var seen = Parse((await client.GetStringAsync("/environment", Graph.Soon())).Split('\n'));

        Assert.Equal(client.BaseAddress!.ToString().TrimEnd('/'), seen["ASPNETCORE_URLS"]);
        Assert.Equal("yes", seen["FROM_PROFILE"]);
        Assert.Equal("by graph", seen["OVERRIDDEN"]);
        Assert.Equal("http", seen["DOTNET_LAUNCH_PROFILE"]);
        Assert.Equal("in_memory", seen["OTEL_DOTNET_EXPERIMENTAL_OTLP_RETRY"]);
        Assert.Equal("service", seen["OTEL_SERVICE_NAME"]);
        Assert.Equal("service.instance.id=service", seen["OTEL_RESOURCE_ATTRIBUTES"]);
        Assert.DoesNotContain("OTEL_EXPORTER_OTLP_ENDPOINT", seen.Keys);
        Assert.EndsWith("/Tests/Hosting/Service", await client.GetStringAsync("/directory", Graph.Soon()), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Telemetry_goes_where_the_hosts_configuration_says()
    {
        var builder = Graph.Create("--ASPIRE_DASHBOARD_OTLP_HTTP_ENDPOINT_URL=http://127.0.0.1:4318", "--AppHost:OtlpApiKey=k", "--environment=Development");
        builder.Environment.EnvironmentName = "Development";
        builder.AddExecutable("probe", "env", ".").WithOtlpExporter();
        await using var app = await builder.StartAsync();
        var seen = await EnvironmentOf(app, "probe");
        Assert.Equal("http://127.0.0.1:4318", seen["OTEL_EXPORTER_OTLP_ENDPOINT"]);
        Assert.Equal("http/protobuf", seen["OTEL_EXPORTER_OTLP_PROTOCOL"]);
        Assert.Equal("x-otlp-api-key=k", seen["OTEL_EXPORTER_OTLP_HEADERS"]);
        Assert.Equal("always_on", seen["OTEL_TRACES_SAMPLER"]);
        Assert.Equal("1000", seen["OTEL_BSP_SCHEDULE_DELAY"]);
    }

    [Fact]
    public async Task A_program_with_a_fixed_port_learns_it_and_external_services_have_variables()
    {
        var builder = Graph.Create();
        var models = builder.AddExternalService("models", "https://models.example/");
        builder.AddExecutable("probe", "env", ".").WithHttpEndpoint(env: "PORT").WithReference(models).WithReference("plain", new Uri("http://plain.example/"));
        await using var app = await builder.StartAsync();
        var seen = await EnvironmentOf(app, "probe");
        Assert.Equal(Aspire.Hosting.Testing.DistributedApplicationHostingTestingExtensions.GetEndpoint(app, "probe").Port.ToString(System.Globalization.CultureInfo.InvariantCulture), seen["PORT"]);
        Assert.Equal("https://models.example/", seen["services__models__https__0"]);
        Assert.Equal("https://models.example/", seen["MODELS"]);
        Assert.Equal("http://plain.example/", seen["services__plain__default__0"]);
    }

    [Fact]
    public async Task What_is_meant_for_the_host_does_not_reach_its_children()
    {
        Environment.SetEnvironmentVariable("Parameters__hidden-thing", "secret");
        var builder = Graph.Create();
        builder.AddExecutable("probe", "env", ".");
        await using var app = await builder.StartAsync();
        var seen = await EnvironmentOf(app, "probe");
        Assert.DoesNotContain("Parameters__hidden-thing", seen.Keys);
        Assert.Contains("PATH", seen.Keys);
    }

    private static async Task<Dictionary<string, string>> EnvironmentOf(DistributedApplication app, string name)
    {
        await app.UntilEndedAsync(name);
        return Parse(await app.LinesAsync(name));
    }

    private static Dictionary<string, string> Parse(IEnumerable<string> lines)
    {
        var seen = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var line in lines.Where(line => line.Contains('=', StringComparison.Ordinal)))
        {
            seen[line[..line.IndexOf('=', StringComparison.Ordinal)]] = line[(line.IndexOf('=', StringComparison.Ordinal) + 1)..];
        }

        return seen;
    }
}
