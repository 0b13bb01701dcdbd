using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;

namespace Orrery.Tests.Hosting;

public sealed class ExpressionTests
{
    [Fact]
    public void Redis_is_named_as_in_aspires_manifest()
    {
        var redis = Graph.Create().AddRedis("redis").Resource;
        Assert.Equal(
            "{redis.bindings.tcp.host}:{redis.bindings.tcp.port},password={redis-password.value}{cond-redis-bindings-tcp-tlsenabled-d148d83a.connectionString}",
            redis.ConnectionStringExpression.ValueExpression);
        Assert.Equal("{redis.connectionString}", ((IManifestExpressionProvider)redis).ValueExpression);
        Assert.Equal("redis://:{redis-password-uri-encoded.value}@{redis.bindings.tcp.host}:{redis.bindings.tcp.port}", redis.UriExpression.ValueExpression);
    }

    [Fact]
    public void Postgres_is_named_as_in_aspires_manifest()
    {
        var database = Graph.Create().AddPostgres("pg").AddDatabase("db").Resource;
        Assert.Equal("{pg.connectionString};Database=db", database.ConnectionStringExpression.ValueExpression);
        Assert.Equal(
            "postgresql://postgres:{pg-password-uri-encoded.value}@{pg.bindings.tcp.host}:{pg.bindings.tcp.port}/db",
            database.UriExpression.ValueExpression);
        Assert.Equal(
            "Host={pg.bindings.tcp.host};Port={pg.bindings.tcp.port};Username=postgres;Password={pg-password.value}",
            database.Parent.ConnectionStringExpression.ValueExpression);
    }

    [Fact]
    public async Task Holes_are_filled_in_their_format_and_braces_stay()
    {
        var secret = Graph.Create().AddParameter("key", "a/b c", secret: true);
        var expression = ReferenceExpression.Create($"{{x}} {secret} {secret.Resource:uri} {"plain"}");
        Assert.Equal("{x} a/b c a%2Fb%20c plain", await expression.GetValueAsync(Graph.Soon()));
        Assert.Equal("{x} {key.value} {key-uri-encoded.value} plain", expression.ValueExpression);
    }

    [Fact]
    public async Task A_condition_chooses_without_regard_to_case()
    {
        var flag = Graph.Create().AddParameter("flag", "true").Resource;
        var expression = ReferenceExpression.CreateConditional(flag, "True", ReferenceExpression.Create($"yes"), ReferenceExpression.Create($"no"));
        Assert.Equal("yes", await expression.GetValueAsync(Graph.Soon()));
    }

    [Fact]
    public void An_unknown_endpoint_is_named_with_those_there_are()
    {
        var program = Graph.Create().AddExecutable("api", "true", ".").WithHttpEndpoint();
        var error = Assert.Throws<InvalidOperationException>(() => program.GetEndpoint("grpc").Url);
        Assert.Equal("Resource 'api' has no endpoint called 'grpc'. It has: http.", error.Message);
    }

    [Theory]
    [InlineData("postgres", null, "postgres", null, null)]
    [InlineData("library/redis:8.6", null, "library/redis", "8.6", null)]
    [InlineData("ghcr.io/a/b:1", "ghcr.io", "a/b", "1", null)]
    [InlineData("localhost:5000/a", "localhost:5000", "a", null, null)]
    [InlineData("a/b@sha256:abc", null, "a/b", null, "abc")]
    public void An_image_is_taken_apart(string reference, string? registry, string image, string? tag, string? digest) =>
        Assert.Equal(new ImageName(registry, image, tag, digest), ImageName.Parse(reference));
}
