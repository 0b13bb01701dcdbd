using System.Text;
using Orrery.Tests.Equality;
using Orrery.Tests.Kubernetes;

namespace Orrery.Tests.Images;

/// <summary>The pods of a rendered chart, as containers that this machine can run.</summary>
internal sealed class ChartPods(IReadOnlyList<Document> documents)
{
    /// <summary>A secret that the chart made.</summary>
    public string Secret(string parameter) =>
        Encoding.UTF8.GetString(Convert.FromBase64String(documents.Single(one => one.Kind == "Secret" && one.Name == $"{parameter}-secrets")["data"]["value"].Text!));

    /// <summary>What the kubelet would start for a service.</summary>
    public ContainerSpec Of(string service)
    {
        var pod = Pod(service);
        var container = pod["containers"].Items.Single();
        var context = pod["securityContext"];
        var rights = container["securityContext"];

        // What ImageRun takes away from every container is what the chart takes away.
        Assert.True(context["runAsNonRoot"].IsTrue && rights["readOnlyRootFilesystem"].IsTrue && rights["allowPrivilegeEscalation"].IsFalse);
        Assert.Equal("ALL", Assert.Single(rights["capabilities"]["drop"].Items).Text);
        var empty = pod["volumes"].Items.Where(volume => volume["emptyDir"].Exists).Select(volume => volume["name"].Text).ToHashSet();
        return new($"{service}-service", container["image"].Text!)
        {
            Environment = ChartEnvironment.Of(container, documents, Secret),
            Arguments = [.. container["args"].Items.Select(argument => argument.Text!)],
            WritablePaths = [.. container["volumeMounts"].Items.Where(mount => empty.Contains(mount["name"].Text)).Select(mount => mount["mountPath"].Text!)],
            User = $"{context["runAsUser"].Text}:{context["runAsGroup"].Text}",
        };
    }

    /// <summary>The path that says whether a service is ready.</summary>
    public string ReadinessOf(string service) => Pod(service)["containers"].Items.Single()["readinessProbe"]["httpGet"]["path"].Text!;

    private Field Pod(string service) => documents.Single(one => one.Kind == "Deployment" && one.Name == $"{service}-deployment")["spec"]["template"]["spec"];
}
