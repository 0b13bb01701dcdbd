using Orrery.Builder.Targets.Kubernetes.Client;

namespace Orrery.Tests.Builder.Kubernetes;

/// <summary>Files of a deployment, from the document to the cluster and back.</summary>
public sealed class DeployedFilesTests(PostgresServer postgres)
{
    [Fact]
    public async Task Another_content_is_another_revision_and_a_rollback_brings_the_old_one_back()
    {
        await using var world = await ClusterWorld.StartAsync(postgres);
        (await world.Services.Apply(WithTemplate("{{ one }}"))).ExpectOk();
        await world.Serves("chat");
        Assert.Equal("{{ one }}", Content(world, "chat-r1"));
        Assert.Contains("/etc/vllm/chat.jinja", world.ArgumentsOf("chat", 1));
        Assert.Equal("/etc/vllm/chat.jinja", world.PodOf("chat", 1)["containers"]![0].Items("volumeMounts").Single(mount => mount.Text("name") == "files").Text("mountPath"));

        (await world.Services.Apply(WithTemplate("{{ two }}"))).ExpectOk();
        await world.Serves("chat", revision: 2);
        Assert.Equal("{{ two }}", Content(world, "chat-r2"));

        (await world.Services.Catalogue.Post("/deployments/chat/rollback", "")).ExpectOk();
        await world.Serves("chat");
        Assert.Equal("{{ one }}", Content(world, "chat-r1"));
        Assert.All(await world.Revisions("chat"), revision => Assert.Equal("""["/etc/vllm/chat.jinja"]""", revision["files"]!.ToJsonString()));
    }

    [Fact]
    public async Task A_file_where_the_weights_are_is_refused_with_its_place_in_the_document()
    {
        await using var world = await ClusterWorld.StartAsync(postgres);
        var answer = await world.Services.Apply(ClusterWorld.Deployment("chat", more: "files: { /models/chat.jinja: x }"));

        var error = answer.Json["errors"]![0]!;
        Assert.Equal("spec.files./models/chat.jinja", (string?)error["path"]);
        Assert.Equal(8, (int?)error["line"]);
        Assert.StartsWith("a path outside /models, /dev, /proc, /sys", (string?)error["expectation"], StringComparison.Ordinal);
    }

    private static string WithTemplate(string content) =>
        ClusterWorld.Deployment("chat", more: $"arguments: {{ --chat-template: /etc/vllm/chat.jinja }}\n  files: {{ /etc/vllm/chat.jinja: \"{content}\" }}");

    private static string? Content(ClusterWorld world, string map) => world.Cluster.All(KubernetesResource.ConfigMaps, ClusterWorld.Namespace)[map]["data"].Text("file-0");
}
