namespace Orrery.Tests.Kubernetes;

/// <summary>
/// House rule: the Pod Security Standards' profile "restricted", and a root file system that nobody can write to. Each finding's path ends
/// with the name of the field that an <see cref="Excuse"/> would name.
/// </summary>
internal static class PodSecurityRules
{
    private static readonly string[] HostFields = ["hostNetwork", "hostPID", "hostIPC"];
    private static readonly string[] VolumeTypes = ["configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected", "secret"];

    public static IEnumerable<Finding> Check(Chart chart) => chart.Workloads.SelectMany(workload => (IEnumerable<Finding>)
    [
        .. Pod(workload),
        .. workload.AllContainers.SelectMany(container => Container(workload, container)),
        .. workload.AllContainers.SelectMany(container => Inherited(workload, container)),
    ]);

    private static IEnumerable<Finding> Pod(Workload workload) =>
    [
        .. HostFields.Select(name => workload.Pod[name]).Where(field => field.IsTrue).Select(field => workload.Find(field, "false: the pod has no business with the node")),
        .. workload.Pod["securityContext"]["sysctls"].Items.Select(sysctl => workload.Find(sysctl, "no sysctls")),
        .. workload.Pod["volumes"].Items.SelectMany(volume => volume.Entries).Where(entry => entry.Name is not "name" && !VolumeTypes.Contains(entry.Name))
            .Select(entry => workload.Find(entry.Value, $"one of {string.Join(", ", VolumeTypes)}")),
    ];

    private static IEnumerable<Finding> Container(Workload workload, Field container)
    {
        var context = container["securityContext"];
        if (!context["allowPrivilegeEscalation"].IsFalse)
        {
            yield return workload.Find(context["allowPrivilegeEscalation"], "false");
        }

        if (!context["readOnlyRootFilesystem"].IsTrue)
        {
            yield return workload.Find(context["readOnlyRootFilesystem"], "true");
        }

        if (context["privileged"].IsTrue)
        {
            yield return workload.Find(context["privileged"], "false");
        }

        if (!context["capabilities"]["drop"].Items.Any(name => name.Text is "ALL"))
        {
            yield return workload.Find(context["capabilities"]["drop"], "[ALL]");
        }

        if (context["capabilities"]["add"].Items.Any(name => name.Text is not "NET_BIND_SERVICE"))
        {
            yield return workload.Find(context["capabilities"]["add"], "nothing but NET_BIND_SERVICE");
        }

        if (context["procMount"].Text is not (null or "Default"))
        {
            yield return workload.Find(context["procMount"], "Default");
        }

        foreach (var port in container["ports"].Items.Select(port => port["hostPort"]).Where(port => port.Exists && port.Whole != 0))
        {
            yield return workload.Find(port, "no port of the node");
        }
    }

    /// <summary>What the pod says once for all its containers and each of them can say otherwise.</summary>
    private static IEnumerable<Finding> Inherited(Workload workload, Field container)
    {
        var nonRoot = Either(workload, container, context => context["runAsNonRoot"]);
        if (!nonRoot.IsTrue)
        {
            yield return workload.Find(nonRoot, "true, on the pod or on each container");
        }

        var user = Either(workload, container, context => context["runAsUser"]);
        if (user.Whole == 0)
        {
            yield return workload.Find(user, "any user but 0");
        }

        var seccomp = Either(workload, container, context => context["seccompProfile"]["type"]);
        if (seccomp.Text is not ("RuntimeDefault" or "Localhost"))
        {
            yield return workload.Find(seccomp, "RuntimeDefault, on the pod or on each container");
        }
    }

    private static Field Either(Workload workload, Field container, Func<Field, Field> read) =>
        read(container["securityContext"]) is { Exists: true } own ? own : read(workload.Pod["securityContext"]);
}
