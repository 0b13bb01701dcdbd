using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Kubernetes;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Aspire.Hosting;

/// <summary>Adds PostgreSQL: the machine's own server when it has one, else a container.</summary>
public static class PostgresBuilderExtensions
{
    private const string DataPath = "/var/lib/postgresql/data";

    /// <summary>Adds a server.</summary>
    /// <param name="builder">The graph.</param>
    /// <param name="name">The resource's name.</param>
    /// <param name="userName">The superuser; null: <c>postgres</c>.</param>
    /// <param name="password">Its password; null: <c>{name}-password</c>, generated once and remembered.</param>
    /// <param name="port">The port; null: a free one.</param>
    public static IResourceBuilder<PostgresServerResource> AddPostgres(
        this IDistributedApplicationBuilder builder,
        string name,
        IResourceBuilder<ParameterResource>? userName = null,
        IResourceBuilder<ParameterResource>? password = null,
        int? port = null)
    {
        var secret = password?.Resource ?? ParameterResourceBuilderExtensions.CreateDefaultPasswordParameter(builder, $"{name}-password");
        var postgres = new PostgresServerResource(name, userName?.Resource, secret);
        return builder.AddResource(postgres)
            .WithEndpoint(port: port, targetPort: 5432, name: PostgresServerResource.PrimaryEndpointName)
            .WithImage("library/postgres", "18.3")
            .WithImageRegistry("docker.io")
            .WithEnvironment("POSTGRES_HOST_AUTH_METHOD", "scram-sha-256")
            .WithEnvironment("POSTGRES_INITDB_ARGS", "--auth-host=scram-sha-256 --auth-local=scram-sha-256")
            .WithEnvironment(context =>
            {
                context.EnvironmentVariables["POSTGRES_USER"] = postgres.UserNameReference;
                context.EnvironmentVariables["POSTGRES_PASSWORD"] = postgres.PasswordParameter;
            })
            .WithHealthCheck(AddCheck(builder, name, postgres))
            .WithAnnotation(new KubernetesCustomization(PostgresOnKubernetes.Configure))
            .WithAnnotation(new LocalServerAnnotation(() => PostgresServer.Folder is not null, local => PostgresServer.PlanAsync(postgres, local)))
            .OnResourceReady((server, _, cancellationToken) => PostgresDatabases.CreateAsync(server, builder.Resources, cancellationToken));
    }

    /// <summary>Adds a database to a server.</summary>
    /// <param name="builder">The server.</param>
    /// <param name="name">The resource's name.</param>
    /// <param name="databaseName">The database's name on the server. Default: the resource's.</param>
    public static IResourceBuilder<PostgresDatabaseResource> AddDatabase(
        this IResourceBuilder<PostgresServerResource> builder,
        string name,
        string? databaseName = null)
    {
        var database = new PostgresDatabaseResource(name, databaseName ?? name, builder.Resource);
        builder.Resource.AddDatabase(name, database.DatabaseName);
        return builder.ApplicationBuilder.AddResource(database).WithHealthCheck(AddCheck(builder.ApplicationBuilder, name, database));
    }

    /// <summary>Makes the database by this script, run on the server when it is ready; it must bear being run again.</summary>
    public static IResourceBuilder<PostgresDatabaseResource> WithCreationScript(this IResourceBuilder<PostgresDatabaseResource> builder, string script) =>
        builder.WithAnnotation(new PostgresCreationScriptAnnotation(script), ResourceAnnotationMutationBehavior.Replace);

    /// <summary>Keeps the data from run to run, in a volume (default name: the resource's and <c>-data</c>).</summary>
    public static IResourceBuilder<PostgresServerResource> WithDataVolume(
        this IResourceBuilder<PostgresServerResource> builder,
        string? name = null,
        bool isReadOnly = false) => builder.WithVolume(name ?? $"{builder.Resource.Name}-data", DataTarget(builder), isReadOnly);

    /// <summary>Keeps the data from run to run, in a folder; relative to the AppHost.</summary>
    public static IResourceBuilder<PostgresServerResource> WithDataBindMount(
        this IResourceBuilder<PostgresServerResource> builder,
        string source,
        bool isReadOnly = false) => builder.WithBindMount(source, DataTarget(builder), isReadOnly);

    /// <summary>Sets the superuser's password.</summary>
    public static IResourceBuilder<PostgresServerResource> WithPassword(
        this IResourceBuilder<PostgresServerResource> builder,
        IResourceBuilder<ParameterResource> password)
    {
        builder.Resource.PasswordParameter = password.Resource;
        return builder;
    }

    /// <summary>Sets the superuser's name.</summary>
    public static IResourceBuilder<PostgresServerResource> WithUserName(
        this IResourceBuilder<PostgresServerResource> builder,
        IResourceBuilder<ParameterResource> userName)
    {
        builder.Resource.UserNameParameter = userName.Resource;
        return builder;
    }

    /// <summary>Sets the port that clients use; null: a free one.</summary>
    public static IResourceBuilder<PostgresServerResource> WithHostPort(this IResourceBuilder<PostgresServerResource> builder, int? port) =>
        builder.WithEndpoint(PostgresServerResource.PrimaryEndpointName, endpoint => endpoint.Port = port);

    // From version 18 on the image keeps its data one folder higher, by major version.
    private static string DataTarget(IResourceBuilder<PostgresServerResource> builder)
    {
        var tag = builder.Resource.TryGetLastAnnotation<ContainerImageAnnotation>(out var image) ? image.Tag : null;
        var major = new string([.. (tag ?? "").TakeWhile(char.IsAsciiDigit)]);
        return int.TryParse(major, out var version) && version < 18 ? DataPath : "/var/lib/postgresql";
    }

    private static string AddCheck(IDistributedApplicationBuilder builder, string name, IResourceWithConnectionString resource)
    {
        var key = $"{name}_check";
        builder.Services.AddHealthChecks().Add(new HealthCheckRegistration(key, _ => new PostgresHealth(resource), failureStatus: null, tags: null));
        return key;
    }
}
