using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Orrery.Contracts;

namespace Orrery.Builder.Targets.Container;

/// <summary>Gives replicas what only one can have: GPUs, ports, a name.</summary>
internal sealed class Placement(Fleet fleet, ContainerTool tool, ImageStore images, GpuPool gpus, Problems problems, ContainerOptions options, Func<CancellationToken, Task<Machine>> machine)
{
    // What is free is looked up and taken in one go.
    private readonly SemaphoreSlim _one = new(1);

    /// <summary>Makes a replica's container and starts it. What stands in the way is noted in <see cref="Problems"/>.</summary>
    /// <param name="before">The container in whose place it comes, where there was one.</param>
    public async Task CreateAsync(WantedReplicas wanted, int ordinal, string name, SeenContainer? before, bool served, CancellationToken cancellationToken)
    {
        await _one.WaitAsync(cancellationToken);
        try
        {
            await CreateAloneAsync(wanted, ordinal, name, before, served, cancellationToken);
        }
        finally
        {
            _one.Release();
        }
    }

    /// <summary>Starts what was created. What cannot be started is removed, so that the next attempt makes it anew, with another port.</summary>
    public async Task StartAsync(DeploymentKey key, int revision, int ordinal, string name, CancellationToken cancellationToken)
    {
        var answer = await fleet.ChangeAsync(["start", name], cancellationToken);
        if (answer.IsSuccess)
        {
            problems.Solved(key.Uid, revision, ordinal);
            return;
        }

        await fleet.RemoveAsync(name, cancellationToken);
        problems.Failed(key.Uid, revision, ordinal, ReplicaReasons.Misconfigured, $"The container cannot be started: {answer.Complaint}. Check spec.command, spec.resources and the image; it is tried again.");
    }

    private async Task CreateAloneAsync(WantedReplicas wanted, int ordinal, string name, SeenContainer? before, bool served, CancellationToken cancellationToken)
    {
        var (key, template) = (wanted.Key, wanted.Template);
        var found = await tool.FindAsync(cancellationToken);
        if (await images.FindAsync(template.Image, cancellationToken) is not { } image)
        {
            Fetch(wanted, ordinal);
            return;
        }

        var all = await fleet.AllNowAsync(cancellationToken);
        var others = all.Where(one => !one.IsBefore && one.Name != name).ToList();
        if (await GpusAsync(template, others, cancellationToken) is not { } devices)
        {
            problems.Waits(key.Uid, wanted.Revision, ordinal, ReplicaReasons.NoPlace, await NoGpuAsync(template.Gpu!, others, cancellationToken));
            return;
        }

        if ((await machine(cancellationToken)).ToRoom(options, others.Select(one => one.Labels)).Lacks(key, template.Requests, 1) is { } lack)
        {
            problems.Waits(key.Uid, wanted.Revision, ordinal, ReplicaReasons.NoPlace, lack);
            return;
        }

        var (start, port) = PortOf(template, image, others);
        if (port is null)
        {
            problems.Waits(key.Uid, wanted.Revision, ordinal, ReplicaReasons.NoPlace, $"No port is free for it: {(start is null ? $"its server listens on {template.Port} and cannot be told another; write the port into spec.command (--port {template.Port}) or spec.environment (PORT), or set" : $"{options.FirstPort} to {options.LastPort} are taken; widen {ContainerOptions.Section}:FirstPort and LastPort, or set")} {ContainerOptions.Section}:Network to {ContainerOptions.Publish}.");
            return;
        }

        var restart = before is { Started: { } began, Finished: { } ended } ? Restart.After(before.Labels.Restarts, before.Labels.Crashes, served, began, ended) : null;
        var labels = new ContainerLabels(
            fleet.Installation, key, wanted.Revision, ordinal, TemplateHash.Of(template), port.Value, options.Network == ContainerOptions.Host, ContainerProbe.Of(template),
            [.. devices.Select(device => device.Name)], Quantities.Cores(template.Resources.Cpu), template.Resources.Memory?.Bytes ?? 0, template.Drain,
            before is null ? 0 : before.Labels.Restarts + 1, restart?.Crashes ?? before?.Labels.Crashes ?? 0, served,
            Quantities.Cores(template.Requests?.Cpu), template.Requests?.Memory?.Bytes ?? 0);
        var plan = ContainerPlan.Of(name, template, labels, start, await CacheAsync(template, labels, name, cancellationToken), wanted.SecretValues, found, options);
        var answer = await CallAsync(plan, cancellationToken);
        if (answer.IsSuccess)
        {
            await StartAsync(key, wanted.Revision, ordinal, name, cancellationToken);
            return;
        }

        await RefusedAsync(wanted, ordinal, name, answer, cancellationToken);
    }

    private async Task RefusedAsync(WantedReplicas wanted, int ordinal, string name, ToolAnswer answer, CancellationToken cancellationToken)
    {
        if (answer.Error.Contains("in use", StringComparison.Ordinal) && answer.Error.Contains("name", StringComparison.Ordinal))
        {
            if ((await fleet.AllNowAsync(cancellationToken)).Any(one => one.Name == name && one.Labels.Installation == fleet.Installation))
            {
                // A create that a killed Builder began has come to its end meanwhile; the next call goes on with it.
                return;
            }

            if (await fleet.IsTakenAsync(name, cancellationToken))
            {
                throw Taken(name);
            }

            // podman's storage knows the name, podman does not: it was killed in between.
            await fleet.RemoveAsync(name, cancellationToken);
        }

        problems.Failed(
            wanted.Key.Uid, wanted.Revision, ordinal, ReplicaReasons.Misconfigured,
            $"The container cannot be created: {answer.Complaint}. Check spec.resources, spec.gpu and {ContainerOptions.Section}:Arguments; it is tried again.");
    }

    public static TargetException Taken(string name) => new(
        ReplicaReasons.Misconfigured,
        $"A container that is not this installation's has the name {name}. Remove or rename it, or give this installation another {ContainerOptions.Section}:Prefix.",
        isFinal: true);

    private async Task<ToolAnswer> CallAsync(ContainerPlan plan, CancellationToken cancellationToken)
    {
        if (plan.Files.Count == 0)
        {
            return await fleet.ChangeAsync(plan.Arguments, cancellationToken, plan.Variables);
        }

        // A folder of its own that only this user enters; gone as soon as the tool has read the file.
        var folder = Directory.CreateTempSubdirectory("orrery-");
        try
        {
            var file = Path.Combine(folder.FullName, "environment");
            await File.WriteAllLinesAsync(file, plan.Files, cancellationToken);
            return await fleet.ChangeAsync(plan.Arguments.Select(word => word == ContainerPlan.FilePlace ? file : word), cancellationToken, plan.Variables);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    /// <summary>The image is no longer there, and comes again without anybody waiting here.</summary>
    private void Fetch(WantedReplicas wanted, int ordinal)
    {
        var (uid, image) = (wanted.Key.Uid, wanted.Template.Image);
        if (images.IsPulling(image) || problems.MustWait(uid, wanted.Revision, ordinal))
        {
            return;
        }

        problems.Waits(uid, wanted.Revision, ordinal, ReplicaReasons.NoPlace, $"The image {wanted.Template.ShownImage} is not on this machine any more and is fetched again.");
        _ = images.PullAsync(wanted.Key, image).ContinueWith(
            done => problems.Failed(uid, wanted.Revision, ordinal, (done.Exception?.InnerException as TargetException)?.Reason ?? ReplicaReasons.NoImage, done.Exception?.InnerException?.Message ?? image),
            CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
    }

    private async Task<IReadOnlyList<MachineGpu>?> GpusAsync(RevisionTemplate template, IReadOnlyList<SeenContainer> others, CancellationToken cancellationToken) =>
        template.Gpu is { Count: > 0 } gpu ? GpuPool.Choose(gpu, await gpus.AllAsync(cancellationToken), TakenBy(others)) : [];

    private async Task<string> NoGpuAsync(TemplateGpu gpu, IReadOnlyList<SeenContainer> others, CancellationToken cancellationToken)
    {
        var eligible = GpuPool.Eligible(gpu, await gpus.AllAsync(cancellationToken));
        var free = eligible.Count(one => !TakenBy(others).Contains(one.Name));
        return eligible.Count == 0
            ? $"It asks for {gpu.Counted} of the class {gpu.Class} ({gpu.Device}), of which this machine has none. Choose another spec.gpu.type, or have the machine's driver and container tool know its GPUs."
            : $"It asks for {gpu.Counted} of the class {gpu.Class} ({gpu.Device}); {free} of the machine's {eligible.Count} {(free == 1 ? "is" : "are")} free. {(gpu.Count > 1 ? "Ask for fewer, lower" : "Lower")} spec.replicas, or end what has them.";
    }

    private static HashSet<string> TakenBy(IReadOnlyList<SeenContainer> others) => [.. others.SelectMany(one => one.Labels.Gpus)];

    /// <summary>Where its server is to listen, and how it is told where that is not where it would.</summary>
    private (ServerStart? Start, int? Port) PortOf(RevisionTemplate template, HeldImage image, IReadOnlyList<SeenContainer> others)
    {
        if (options.Network != ContainerOptions.Host)
        {
            return (null, template.Port);
        }

        var taken = others.Where(one => one.Labels.OnHost).Select(one => one.Labels.Port).ToHashSet();
        bool Free(int port) => !taken.Contains(port) && CanListen(port);
        var own = new ServerStart(
            template.Command is { Count: > 0 } ? template.Command : image.Entrypoint,
            template.Arguments ?? (template.Command is { Count: > 0 } ? [] : image.Command),
            image.Environment.Concat(template.Environment).GroupBy(one => one.Key).ToDictionary(group => group.Key, group => group.Last().Value));
        if (ServerPort.Move(own, template.Port, options.FirstPort) is null)
        {
            return (null, Free(template.Port) ? template.Port : null);
        }

        for (var port = options.FirstPort; port <= options.LastPort; port++)
        {
            if (Free(port))
            {
                var moved = ServerPort.Move(own, template.Port, port)!;
                // What the image sets anyway need not be set once more.
                var changed = moved.Environment.Where(one => template.Environment.ContainsKey(one.Key) || image.Environment.GetValueOrDefault(one.Key) != one.Value).ToDictionary();
                return (moved with { Environment = changed }, port);
            }
        }

        return (own, null);
    }

    private static bool CanListen(int port)
    {
        try
        {
            using var listener = new TcpListener(IPAddress.Any, port);
            listener.Start();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    /// <summary>Where weights are kept. The namespace's volume stays when deployments go; a replica's own goes with it.</summary>
    private async Task<CacheMount> CacheAsync(RevisionTemplate template, ContainerLabels labels, string name, CancellationToken cancellationToken)
    {
        if (template.Cache == WeightCaches.None)
        {
            var own = new Dictionary<string, string>
            {
                [ContainerLabels.InstallationLabel] = labels.Installation,
                [ContainerLabels.UidLabel] = labels.Key.Uid,
                [ContainerLabels.RevisionLabel] = labels.Revision.ToString(CultureInfo.InvariantCulture),
            };
            await fleet.MakeVolumeAsync(name, own, cancellationToken);
            return new CacheMount(name, IsFolder: false);
        }

        if (options.ModelsFolder is { } folder)
        {
            var path = Path.Combine(folder, labels.Key.Namespace);
            if (!Directory.Exists(path) && !OperatingSystem.IsWindows())
            {
                // Servers run as users of their images; each may add, none may take away another's.
                Directory.CreateDirectory(path);
                File.SetUnixFileMode(path, (UnixFileMode)0b1_111_111_111);
            }

            return new CacheMount(path, IsFolder: true);
        }

        var volume = $"{options.Prefix}-models-{labels.Key.Namespace}";
        await fleet.MakeVolumeAsync(volume, new Dictionary<string, string> { [ContainerLabels.Prefix + "namespace"] = labels.Key.Namespace }, cancellationToken);
        return new CacheMount(volume, IsFolder: false);
    }
}
