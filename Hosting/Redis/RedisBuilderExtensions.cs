using System.Globalization;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Kubernetes;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Aspire.Hosting;

/// <summary>Adds Redis: the machine's own <c>redis-server</c> when it has one, else a container.</summary>
public static class RedisBuilderExtensions
{
    /// <summary>Adds Redis on a fixed port.</summary>
    public static IResourceBuilder<RedisResource> AddRedis(this IDistributedApplicationBuilder builder, string name, int? port) =>
        builder.AddRedis(name, port, password: null);

    /// <summary>Adds Redis.</summary>
    /// <param name="builder">The graph.</param>
    /// <param name="name">The resource's name.</param>
    /// <param name="port">The port; null: a free one.</param>
    /// <param name="password">The password; null: <c>{name}-password</c>, generated once and remembered.</param>
    public static IResourceBuilder<RedisResource> AddRedis(
        this IDistributedApplicationBuilder builder,
        string name,
        int? port = null,
        IResourceBuilder<ParameterResource>? password = null)
    {
        var secret = password?.Resource ?? ParameterResourceBuilderExtensions.CreateDefaultPasswordParameter(builder, $"{name}-password", special: false);
        var redis = new RedisResource(name, secret);
        var check = $"{name}_check";
        builder.Services.AddHealthChecks().Add(new HealthCheckRegistration(check, _ => new RedisHealth(redis), failureStatus: null, tags: null));
        return builder.AddResource(redis)
            .WithEndpoint(port: port, targetPort: 6379, scheme: "redis", name: RedisResource.PrimaryEndpointName)
            .WithImage("library/redis", "8.6")
            .WithImageRegistry("docker.io")
            .WithHealthCheck(check)
            .WithEntrypoint("/bin/sh")
            .WithEnvironment(context =>
            {
                if (redis.PasswordParameter is { } parameter)
                {
                    context.EnvironmentVariables["REDIS_PASSWORD"] = parameter;
                }
            })
            .WithArgs(context =>
            {
                context.Args.Add("-c");
                context.Args.Add(ContainerCommand(redis));
            })
            .WithAnnotation(new KubernetesCustomization(RedisOnKubernetes.Configure))
            .WithAnnotation(new LocalServerAnnotation(() => RedisServer.Program is not null, local => RedisServer.PlanAsync(redis, local)));
    }

    /// <summary>Keeps the data from run to run, in a volume (default name: the resource's and <c>-data</c>), and writes it every minute unless told otherwise.</summary>
    public static IResourceBuilder<RedisResource> WithDataVolume(this IResourceBuilder<RedisResource> builder, string? name = null, bool isReadOnly = false)
    {
        builder.WithVolume(name ?? $"{builder.Resource.Name}-data", "/data", isReadOnly);
        return isReadOnly ? builder : builder.WithPersistence();
    }

    /// <summary>Keeps the data from run to run, in a folder; relative to the AppHost.</summary>
    public static IResourceBuilder<RedisResource> WithDataBindMount(this IResourceBuilder<RedisResource> builder, string source, bool isReadOnly = false)
    {
        builder.WithBindMount(source, "/data", isReadOnly);
        return isReadOnly ? builder : builder.WithPersistence();
    }

    /// <summary>Writes the data to disk when <paramref name="keysChangedThreshold"/> keys have changed within <paramref name="interval"/> (default 60 s).</summary>
    public static IResourceBuilder<RedisResource> WithPersistence(
        this IResourceBuilder<RedisResource> builder,
        TimeSpan? interval = null,
        long keysChangedThreshold = 1) => builder.WithAnnotation(
            new RedisPersistenceAnnotation(interval ?? TimeSpan.FromSeconds(60), keysChangedThreshold),
            ResourceAnnotationMutationBehavior.Replace);

    /// <summary>Sets the password; null: none.</summary>
    public static IResourceBuilder<RedisResource> WithPassword(this IResourceBuilder<RedisResource> builder, IResourceBuilder<ParameterResource>? password)
    {
        builder.Resource.PasswordParameter = password?.Resource;
        return builder;
    }

    /// <summary>Sets the port that clients use; null: a free one.</summary>
    public static IResourceBuilder<RedisResource> WithHostPort(this IResourceBuilder<RedisResource> builder, int? port) =>
        builder.WithEndpoint(RedisResource.PrimaryEndpointName, endpoint => endpoint.Port = port);

    private static string ContainerCommand(RedisResource redis)
    {
        var command = "redis-server";
        if (redis.PasswordParameter is not null)
        {
            command += " --requirepass $REDIS_PASSWORD";
        }

        return redis.TryGetLastAnnotation<RedisPersistenceAnnotation>(out var save)
            ? string.Create(CultureInfo.InvariantCulture, $"{command} --save {(int)save.Interval.TotalSeconds} {save.KeysChanged}")
            : command;
    }
}
