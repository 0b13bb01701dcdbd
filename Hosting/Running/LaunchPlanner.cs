using System.Reflection;
using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting;

/// <summary>From a resource to the program that is started for one copy of it.</summary>
internal sealed class LaunchPlanner(
    DistributedApplicationExecutionContext execution,
    ContainerRuntime containers,
    StateDirectory state,
    VolumeLocks volumes,
    ResourceLoggerService loggers)
{
    public async Task<LaunchPlan> PlanAsync(IResource resource, InstancePorts ports, RunDirectory run, CancellationToken cancellationToken)
    {
        var log = loggers.GetLogger(ports.Instance);
        if (resource.TryGetLastAnnotation<LocalServerAnnotation>(out var local) && local.IsAvailable())
        {
            var data = DataDirectory(resource, run);
            return await local.PlanAsync(new(ports, data, run, line => loggers.Add(resource, ports.Instance, line, isError: false), cancellationToken));
        }

        var runtime = resource is ContainerResource ? await containers.FindAsync(cancellationToken) : "";
        var context = new ValueProviderContext { ExecutionContext = execution, Caller = resource, Ports = ports, HostName = ContainerNetwork.HostOf(runtime) };
        var configuration = await ResolvedConfiguration.OfAsync(resource, context, log, cancellationToken);
        return resource switch
        {
            ContainerResource container => ContainerLaunch.Plan(
                container,
                runtime,
                await containers.NetworkAsync(run, cancellationToken),
                run,
                configuration,
                await RuntimeArgumentsAsync(container, context, cancellationToken)),
            ProjectResource project => Project(project, configuration),
            ExecutableResource executable => new LaunchPlan
            {
                FileName = executable.Command,
                Arguments = configuration.Arguments,
                Environment = configuration.Environment,
                Shown = configuration.Shown,
                WorkingDirectory = executable.WorkingDirectory,
                Properties = [new("executable.path", executable.Command), new("executable.workDir", executable.WorkingDirectory)],
            },
            _ => throw new DistributedApplicationException($"Resource '{resource.Name}' is a {resource.GetType().Name}, which the bundled host cannot start."),
        };
    }

    private static LaunchPlan Project(ProjectResource project, ResolvedConfiguration configuration)
    {
        var metadata = project.Annotations.OfType<IProjectMetadata>().Last();
        var (program, arguments) = ProjectCommand(metadata);
        return new LaunchPlan
        {
            FileName = program,
            Arguments = [.. arguments, .. configuration.Arguments],
            Environment = DotnetPrograms.WithRoot(configuration.Environment),
            Shown = configuration.Shown,
            WorkingDirectory = Path.GetDirectoryName(metadata.ProjectPath)!,
            Properties = [new("project.path", metadata.ProjectPath), new("executable.path", program)],
        };
    }

    // What the build made; when nobody has built it, dotnet run.
    private static (string Program, string[] Arguments) ProjectCommand(IProjectMetadata metadata)
    {
        if (metadata.GetType().GetCustomAttribute<ProjectOutputAttribute>()?.AssemblyPath is not { } assembly)
        {
            return ("dotnet", ["run", "--project", metadata.ProjectPath, "--no-launch-profile", .. metadata.SuppressBuild ? (string[])["--no-build"] : []]);
        }

        if (!File.Exists(assembly))
        {
            throw new DistributedApplicationException($"{assembly} does not exist: build the AppHost again, which builds {metadata.ProjectPath}.");
        }

        return DotnetPrograms.CommandOf(assembly);
    }

    private static async Task<IReadOnlyList<string>> RuntimeArgumentsAsync(
        ContainerResource container,
        ValueProviderContext context,
        CancellationToken cancellationToken)
    {
        var filling = new ContainerRuntimeArgsCallbackContext([], cancellationToken);
        foreach (var annotation in container.Annotations.OfType<ContainerRuntimeArgsCallbackAnnotation>())
        {
            await annotation.Callback(filling);
        }

        var arguments = new List<string>();
        foreach (var arg in filling.Args)
        {
            arguments.Add(await ResolvedConfiguration.TextAsync(arg, context, cancellationToken) ?? "");
        }

        return arguments;
    }

    private string DataDirectory(IResource resource, RunDirectory run)
    {
        var mount = resource.Annotations.OfType<ContainerMountAnnotation>().LastOrDefault();
        var path = mount switch
        {
            { Type: ContainerMountType.BindMount, Source: { } folder } => folder,
            { Type: ContainerMountType.Volume, Source: { } volume } => Path.Combine(state.Volumes, volume),
            _ => Path.Combine(run.Path, $"{resource.Name}.data"),
        };
        if (mount is { Type: ContainerMountType.BindMount })
        {
            Directory.CreateDirectory(path);
        }
        else
        {
            StateDirectory.Ensure(path);
        }

        if (mount is not null)
        {
            volumes.Hold(path, resource.Name);
        }

        return path;
    }
}
