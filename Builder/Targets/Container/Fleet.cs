using System.Globalization;
using System.Text.Json;

namespace Orrery.Builder.Targets.Container;

/// <summary>All replicas' containers of this machine, as the tool tells of them, and what is done to them one by one.</summary>
internal sealed class Fleet : IDisposable
{
    // A round over many deployments asks within this; what changes meanwhile is told by events.
    private static readonly TimeSpan Lasts = TimeSpan.FromMilliseconds(300);

    private readonly ContainerTool _tool;
    private readonly SharedLook<IReadOnlyList<SeenContainer>> _look;

    public Fleet(ContainerTool tool, string installation, TimeProvider time)
    {
        _tool = tool;
        Installation = installation;
        _look = new SharedLook<IReadOnlyList<SeenContainer>>(LookAsync, Lasts, time);
    }

    public string Installation { get; }

    /// <summary>Also those of other installations, since they share GPUs and ports.</summary>
    public Task<IReadOnlyList<SeenContainer>> AllAsync(CancellationToken cancellationToken) => _look.AskAsync(cancellationToken);

    /// <summary>As it is now, for those who are about to change it.</summary>
    public Task<IReadOnlyList<SeenContainer>> AllNowAsync(CancellationToken cancellationToken)
    {
        _look.Forget();
        return _look.AskAsync(cancellationToken);
    }

    /// <summary>A deployment's own, newest look or not.</summary>
    public IReadOnlyList<SeenContainer> Of(IReadOnlyList<SeenContainer> all, string uid) => [.. all.Where(one => one.Labels.Installation == Installation && one.Labels.Key.Uid == uid)];

    /// <summary>Whatever has this name, a replica or not.</summary>
    public async Task<bool> IsTakenAsync(string name, CancellationToken cancellationToken) =>
        (await _tool.RunAsync(["container", "inspect", "--format", "{{.Id}}", name], cancellationToken)).IsSuccess;

    public async Task<ToolAnswer> ChangeAsync(IEnumerable<string> arguments, CancellationToken cancellationToken, IReadOnlyDictionary<string, string>? variables = null)
    {
        try
        {
            return await _tool.RunAsync(arguments, cancellationToken, variables: variables);
        }
        finally
        {
            _look.Forget();
        }
    }

    /// <summary>No error where it has ended already or is gone.</summary>
    public async Task SignalAsync(SeenContainer container, string signal, CancellationToken cancellationToken)
    {
        var answer = await ChangeAsync(["kill", "--signal", signal, container.Id], cancellationToken);
        if (!answer.IsSuccess && !IsGone(answer) && !answer.Error.Contains("not running", StringComparison.OrdinalIgnoreCase)
            && !answer.Error.Contains("can only kill running", StringComparison.Ordinal) && !answer.Error.Contains("container state improper", StringComparison.Ordinal))
        {
            throw new TargetException(ContainerTool.Unavailable, $"The container {container.Name} cannot be ended: {answer.Complaint}. It is tried again.");
        }
    }

    /// <summary>Removes a container and the volumes without a name that its image made; no error where it is gone.</summary>
    public async Task RemoveAsync(string name, CancellationToken cancellationToken)
    {
        var podman = (await _tool.FindAsync(cancellationToken)).IsPodman;
        // podman would ask a server that still runs once more, for ten seconds; it has been asked long enough.
        var answer = await ChangeAsync(["rm", "--force", "--volumes", .. podman ? (string[])["--time", "0"] : [], name], cancellationToken);
        if (!answer.IsSuccess && !IsGone(answer) && !answer.Error.Contains("already in progress", StringComparison.Ordinal))
        {
            throw new TargetException(ContainerTool.Unavailable, $"The container {name} cannot be removed: {answer.Complaint}. It is tried again.");
        }
    }

    /// <summary>A volume that is there already stays as it is.</summary>
    public async Task MakeVolumeAsync(string name, IReadOnlyDictionary<string, string> labels, CancellationToken cancellationToken)
    {
        var answer = await _tool.RunAsync(["volume", "create", .. labels.SelectMany(label => (string[])["--label", $"{label.Key}={label.Value}"]), name], cancellationToken);
        if (!answer.IsSuccess && !answer.Error.Contains("already exists", StringComparison.Ordinal))
        {
            throw new TargetException(ReplicaReasons.Misconfigured, $"The volume {name} for the model's weights cannot be made: {answer.Complaint}. It is tried again.");
        }
    }

    /// <summary>Removes the volumes of this installation's deployment: of one revision, or all.</summary>
    public async Task RemoveVolumesAsync(string uid, int? revision, CancellationToken cancellationToken)
    {
        var listed = await _tool.RunAsync(["volume", "ls", "--quiet", "--filter", $"label={ContainerLabels.UidLabel}={uid}"], cancellationToken);
        foreach (var name in listed.IsSuccess ? listed.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) : [])
        {
            // To podman several filters by label are alternatives, to docker conditions: the others are held against it here.
            var labels = LabelsOf(await _tool.RunAsync(["volume", "inspect", name], cancellationToken));
            if (labels.GetValueOrDefault(ContainerLabels.InstallationLabel) != Installation || labels.GetValueOrDefault(ContainerLabels.UidLabel) != uid
                || (revision is { } number && labels.GetValueOrDefault(ContainerLabels.RevisionLabel) != number.ToString(CultureInfo.InvariantCulture)))
            {
                continue;
            }

            var answer = await _tool.RunAsync(["volume", "rm", name], cancellationToken);
            if (!answer.IsSuccess && !answer.Error.Contains("no such volume", StringComparison.OrdinalIgnoreCase))
            {
                throw new TargetException(ContainerTool.Unavailable, $"The volume {name} cannot be removed: {answer.Complaint}. It is tried again.");
            }
        }
    }

    /// <summary>None of one that has gone meanwhile.</summary>
    private static Dictionary<string, string> LabelsOf(ToolAnswer inspected)
    {
        if (!inspected.IsSuccess)
        {
            return [];
        }

        using var document = JsonDocument.Parse(inspected.Output);
        return document.RootElement[0].TryGetProperty("Labels", out var labels) && labels.ValueKind == JsonValueKind.Object
            ? labels.EnumerateObject().ToDictionary(label => label.Name, label => label.Value.GetString() ?? "") : [];
    }

    /// <summary>The end of a log, both streams, oldest first.</summary>
    public async Task<IReadOnlyList<string>> TailAsync(SeenContainer container, int lines, CancellationToken cancellationToken)
    {
        var answer = await _tool.RunAsync(["logs", "--tail", $"{lines}", container.Id], cancellationToken);
        return [.. answer.Output.Split('\n').Concat(answer.Error.Split('\n')).Select(line => line.TrimEnd('\r')).Where(line => line.Length > 0)];
    }

    public void Dispose() => _look.Dispose();

    private async Task<IReadOnlyList<SeenContainer>> LookAsync(CancellationToken cancellationToken)
    {
        var listed = await _tool.RunAsync(["ps", "--all", "--quiet", "--no-trunc", "--filter", $"label={ContainerLabels.InstallationLabel}"], cancellationToken);
        if (!listed.IsSuccess)
        {
            throw new TargetException(ContainerTool.Unavailable, $"The containers of this machine cannot be listed: {listed.Complaint}. It is tried again.");
        }

        var ids = listed.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        if (ids.Length == 0)
        {
            return [];
        }

        // One that has gone in between makes the call fail, and the others are told of all the same.
        var answer = await _tool.RunAsync(["container", "inspect", .. ids], cancellationToken);
        return answer.IsSuccess || IsGone(answer) ? SeenContainer.ParseAll(answer.Output.Trim())
            : throw new TargetException(ContainerTool.Unavailable, $"The containers of this machine cannot be looked at: {answer.Complaint}. It is tried again.");
    }

    private static bool IsGone(ToolAnswer answer) =>
        answer.Error.Contains("no such container", StringComparison.OrdinalIgnoreCase) || answer.Error.Contains("no container with", StringComparison.OrdinalIgnoreCase);
}
