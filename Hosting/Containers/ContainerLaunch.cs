using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting;

/// <summary>A container as the command line of podman or docker, which stays in the foreground: its output is the container's, its end is too.</summary>
internal static class ContainerLaunch
{
    // Read by the client itself: given to it in its environment they would change the client, so these alone go on its command line.
    private static readonly string[] ClientReads = ["PATH", "HOME", "LD_", "DOCKER_", "CONTAINER", "XDG_", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "TMPDIR"];

    public static LaunchPlan Plan(
        ContainerResource resource,
        string runtime,
        string network,
        RunDirectory run,
        ResolvedConfiguration configuration,
        IReadOnlyList<string> runtimeArguments)
    {
        var name = resource.TryGetLastAnnotation<ContainerNameAnnotation>(out var given) ? given.Name : $"{resource.Name}-{run.Id}";
        var image = resource.TryGetContainerImageName(out var found) ? found : throw new DistributedApplicationException(
            $"Container '{resource.Name}' has no image: call WithImage.");
        List<string> arguments = ["run", "--rm", "--name", name, "--label", $"aspire.hosting.run={run.Id}", "--label", $"aspire.hosting.resource={resource.Name}"];
        if (!runtimeArguments.Any(one => one.StartsWith("--net", StringComparison.Ordinal)))
        {
            arguments.AddRange(["--network", network, "--network-alias", resource.Name]);
            arguments.AddRange(ContainerNetwork.IsPodman(runtime) ? [] : ["--add-host", $"{ContainerNetwork.DockerHost}:host-gateway"]);
        }

        arguments.AddRange(Ports(resource));
        arguments.AddRange(Mounts(resource));
        arguments.AddRange(configuration.Environment.SelectMany(one => (string[])["-e", OnCommandLine(one.Key) ? $"{one.Key}={one.Value}" : one.Key]));
        arguments.AddRange(Pull(resource));
        if (resource.Entrypoint is { } entrypoint)
        {
            arguments.AddRange(["--entrypoint", entrypoint]);
        }

        return new LaunchPlan
        {
            FileName = runtime,
            Arguments = [.. arguments, .. runtimeArguments, image, .. configuration.Arguments],
            Environment = configuration.Environment.Where(one => !OnCommandLine(one.Key)).ToDictionary(StringComparer.Ordinal),
            Shown = configuration.Shown,
            WorkingDirectory = run.Path,
            ContainerName = name,
            Properties =
            [
                new("container.image", image),
                new("container.name", name),
                new("hosted.by", Path.GetFileName(runtime)),
            ],
        };
    }

    private static IEnumerable<string> Ports(ContainerResource resource) => resource.Annotations.OfType<EndpointAnnotation>().SelectMany(endpoint =>
    {
        var port = endpoint.AllocatedEndpoint!.Port;
        var protocol = endpoint.Protocol == System.Net.Sockets.ProtocolType.Udp ? "/udp" : "";
        return (string[])["-p", FormattableString.Invariant($"127.0.0.1:{port}:{endpoint.TargetPort ?? port}{protocol}")];
    });

    private static IEnumerable<string> Mounts(ContainerResource resource) => resource.Annotations.OfType<ContainerMountAnnotation>().SelectMany(mount =>
        (string[])["-v", (mount.Source is null ? "" : mount.Source + ":") + mount.Target + (mount.IsReadOnly ? ":ro" : "")]);

    private static IEnumerable<string> Pull(ContainerResource resource) =>
        !resource.TryGetLastAnnotation<ContainerImagePullPolicyAnnotation>(out var policy) || policy.ImagePullPolicy == ImagePullPolicy.Default
            ? []
            : [$"--pull={policy.ImagePullPolicy.ToString().ToLowerInvariant()}"];

    private static bool OnCommandLine(string variable) => ClientReads.Any(one => variable.StartsWith(one, StringComparison.OrdinalIgnoreCase));
}
