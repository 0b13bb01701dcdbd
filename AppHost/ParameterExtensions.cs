using System.Globalization;
using System.Security.Cryptography;
using Aspire.Hosting.Publishing;

namespace Orrery.AppHost;

/// <summary>What an operator may set, in both spellings: <c>Parameters__gateway-port</c> and, for shells, <c>Parameters__gateway_port</c>.</summary>
internal static class ParameterExtensions
{
    private const int SecretCharacters = 40;
    private const string PublishedDataDirectory = "/tmp/orrery"; // writable in every container, whoever publishes it

    /// <summary>A secret made at the first start and kept for the next ones.</summary>
    public static IResourceBuilder<ParameterResource> AddGeneratedSecret(this IDistributedApplicationBuilder builder, string name) =>
        builder.AddParameter(name, new GenerateParameterDefault { MinLength = SecretCharacters, Special = false }, secret: true, persist: true);

    /// <summary>Gives the project's <c>http</c> endpoint the port that the operator set, and leaves its own where none was.</summary>
    public static IResourceBuilder<ProjectResource> WithPort(this IResourceBuilder<ProjectResource> project, IDistributedApplicationBuilder builder, string parameter)
    {
        if (builder.PortOf(parameter) is { } port)
        {
            project.WithEndpoint("http", endpoint => endpoint.Port = port);
        }

        return project;
    }

    /// <summary>Any free port instead of the launch profile's: only other services look for it.</summary>
    public static IResourceBuilder<ProjectResource> WithFreePort(this IResourceBuilder<ProjectResource> project) => project.WithEndpoint("http", endpoint => endpoint.Port = null);

    /// <summary>Runs as many replicas as the operator set, one where nothing was set, and tells each by <paramref name="variable"/> that there are at least <paramref name="least"/>.</summary>
    public static IResourceBuilder<ProjectResource> WithReplicaCount(
        this IResourceBuilder<ProjectResource> project, IDistributedApplicationBuilder builder, string parameter, string variable, int least)
    {
        if (builder.ReplicasOf(parameter) is { } replicas and > 1)
        {
            project.WithReplicas(replicas);
        }

        return project.WithEnvironment(variable, least.ToString(CultureInfo.InvariantCulture));
    }

    /// <summary>How many replicas there are at least: a cluster scales them, and runs no fewer than <paramref name="inCluster"/>.</summary>
    public static int LeastReplicas(this IDistributedApplicationBuilder builder, string parameter, int inCluster) =>
        Math.Max(builder.ReplicasOf(parameter) ?? 1, builder.PublishesChart() ? inCluster : 1);

    /// <summary>Asked for its health here, and in a cluster by the kubelet: started, alive, ready for traffic.</summary>
    public static IResourceBuilder<ProjectResource> WithHealth(this IResourceBuilder<ProjectResource> project) => project
        .WithHttpProbe(ProbeType.Startup, "/health/live", initialDelaySeconds: 1, periodSeconds: 1, timeoutSeconds: 2, failureThreshold: 60)
        .WithHttpProbe(ProbeType.Liveness, "/health/live", timeoutSeconds: 5, failureThreshold: 6)
        .WithHttpProbe(ProbeType.Readiness, "/health/ready", initialDelaySeconds: 0, timeoutSeconds: 5);

    /// <summary>Where a service keeps files of its own: beside the solution on a laptop, with the pod in a cluster.</summary>
    public static IResourceBuilder<ProjectResource> WithDataDirectory(this IResourceBuilder<ProjectResource> project, string variable, string name)
    {
        var host = project.ApplicationBuilder;
        if (host.ExecutionContext.IsPublishMode)
        {
            return project.WithEnvironment(variable, PublishedDataDirectory);
        }

        var solution = Path.GetFullPath(Path.Combine(host.AppHostDirectory, ".."));
        var state = host.Configuration["AppHost:StateDirectory"] ?? Path.Combine(solution, ".orrery");
        return project.WithEnvironment(variable, Path.Combine(state, name));
    }

    /// <summary>The value set for <paramref name="name"/> in either spelling; <c>null</c> when there is none.</summary>
    public static string? ParameterText(this IDistributedApplicationBuilder builder, string name) =>
        builder.Configuration[$"Parameters:{name}"] ?? builder.Configuration[$"Parameters:{name.Replace('-', '_')}"];

    public static int? PortOf(this IDistributedApplicationBuilder builder, string parameter) => builder.IntegerParameter(parameter, 1, 65_535);

    public static int? ReplicasOf(this IDistributedApplicationBuilder builder, string parameter) => builder.IntegerParameter(parameter, 1, 64);

    private static int? IntegerParameter(this IDistributedApplicationBuilder builder, string name, int least, int most)
    {
        if (builder.ParameterText(name) is not { } text)
        {
            return null;
        }

        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value) && value >= least && value <= most
            ? value
            : throw new DistributedApplicationException(
                $"Parameters__{name.Replace('-', '_')} is '{text}'; expected a whole number from {least} to {most}.");
    }
}

/// <summary>A first access key, made where the operator gives none: <c>ork_</c> and 40 base62 characters.</summary>
internal sealed class AccessTokenDefault : ParameterDefault
{
    private const string Base62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    private const int RandomCharacters = 40;

    public override string GetDefaultValue() => "ork_" + RandomNumberGenerator.GetString(Base62, RandomCharacters);

    /// <remarks>A manifest cannot express the prefix; a token without it opens the same doors.</remarks>
    public override void WriteToManifest(ManifestPublishingContext context)
    {
        context.Writer.WriteStartObject("generate");
        context.Writer.WriteNumber("minLength", RandomCharacters);
        context.Writer.WriteBoolean("special", false);
        context.Writer.WriteEndObject();
    }
}
