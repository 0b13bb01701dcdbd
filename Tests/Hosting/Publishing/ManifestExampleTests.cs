using Aspire.Hosting;

namespace Orrery.Tests.Hosting.Publishing;

/// <summary>Entries as Aspire itself writes them.</summary>
public sealed class ManifestExampleTests
{
    [Fact]
    public async Task A_project()
    {
        using var checkout = new ManifestOf();
        checkout.AddProject("svc/Api/Api.csproj", "http://localhost:5001;https://localhost:7001");
        var manifest = await checkout.WriteAsync(graph => graph.AddProject("api", "../svc/Api/Api.csproj"));
        Assert.Equal(
            """{"type":"project.v0","path":"svc/Api/Api.csproj","env":{"OTEL_DOTNET_EXPERIMENTAL_OTLP_RETRY":"in_memory","ASPNETCORE_FORWARDEDHEADERS_ENABLED":"true","HTTP_PORTS":"{api.bindings.http.targetPort}"},"bindings":{"http":{"scheme":"http","protocol":"tcp","transport":"http"},"https":{"scheme":"https","protocol":"tcp","transport":"http"}}}""",
            ManifestOf.Entry(manifest, "api"));
    }

    [Fact]
    public async Task Redis_with_its_password_and_what_a_condition_chose()
    {
        var manifest = await ManifestOf.GraphAsync(graph => graph.AddRedis("redis"));
        const string conditional = "cond-redis-bindings-tcp-tlsenabled-d148d83a";
        Assert.Equal(["redis", "redis-password", conditional], ManifestOf.Names(manifest));
        Assert.Equal(
            """{"type":"container.v0","connectionString":"{redis.bindings.tcp.host}:{redis.bindings.tcp.port},password={redis-password.value}{cond-redis-bindings-tcp-tlsenabled-d148d83a.connectionString}","image":"docker.io/library/redis:8.6","entrypoint":"/bin/sh","args":["-c","redis-server --requirepass $REDIS_PASSWORD"],"env":{"REDIS_PASSWORD":"{redis-password.value}"},"bindings":{"tcp":{"scheme":"redis","protocol":"tcp","transport":"tcp","targetPort":6379}}}""",
            ManifestOf.Entry(manifest, "redis"));
        Assert.Equal(
            """{"type":"parameter.v0","value":"{redis-password.inputs.value}","inputs":{"value":{"type":"string","secret":true,"default":{"generate":{"minLength":22,"special":false}}}}}""",
            ManifestOf.Entry(manifest, "redis-password"));
        Assert.Equal("""{"type":"value.v0","connectionString":""}""", ManifestOf.Entry(manifest, conditional));
    }

    [Fact]
    public async Task Postgres_with_a_database_and_its_consumer()
    {
        var manifest = await ManifestOf.GraphAsync(graph =>
        {
            var database = graph.AddPostgres("pg").AddDatabase("db");
            graph.AddContainer("app", "registry.example/app", "1").WithReference(database);
        });
        Assert.Equal(["pg", "db", "app", "pg-password", "pg-password-uri-encoded"], ManifestOf.Names(manifest));
        Assert.Equal(
            """{"type":"container.v0","connectionString":"Host={pg.bindings.tcp.host};Port={pg.bindings.tcp.port};Username=postgres;Password={pg-password.value}","image":"docker.io/library/postgres:18.3","env":{"POSTGRES_HOST_AUTH_METHOD":"scram-sha-256","POSTGRES_INITDB_ARGS":"--auth-host=scram-sha-256 --auth-local=scram-sha-256","POSTGRES_USER":"postgres","POSTGRES_PASSWORD":"{pg-password.value}"},"bindings":{"tcp":{"scheme":"tcp","protocol":"tcp","transport":"tcp","targetPort":5432}}}""",
            ManifestOf.Entry(manifest, "pg"));
        Assert.Equal("""{"type":"value.v0","connectionString":"{pg.connectionString};Database=db"}""", ManifestOf.Entry(manifest, "db"));
        Assert.Equal(
            """{"type":"container.v0","image":"registry.example/app:1","env":{"ConnectionStrings__db":"{db.connectionString}","DB_HOST":"{pg.bindings.tcp.host}","DB_PORT":"{pg.bindings.tcp.port}","DB_USERNAME":"postgres","DB_PASSWORD":"{pg-password.value}","DB_URI":"postgresql://postgres:{pg-password-uri-encoded.value}@{pg.bindings.tcp.host}:{pg.bindings.tcp.port}/db","DB_JDBCCONNECTIONSTRING":"jdbc:postgresql://{pg.bindings.tcp.host}:{pg.bindings.tcp.port}/db","DB_DATABASENAME":"db"}}""",
            ManifestOf.Entry(manifest, "app"));
        Assert.Equal("""{"type":"annotated.string","value":"{pg-password.value}","filter":"uri"}""", ManifestOf.Entry(manifest, "pg-password-uri-encoded"));
        Assert.Empty(ManifestRules.Faults(manifest));
    }
}
