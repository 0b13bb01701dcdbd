using System.Text.Json.Nodes;
using Orrery.Builder.Targets.Kubernetes.Client;
using Orrery.Tests.ServiceDefaults.Registries;
using static Orrery.Tests.Builder.Kubernetes.ClusterWorld;
using static Orrery.Tests.Catalogue.CatalogueReplica;

namespace Orrery.Tests.Builder.Kubernetes;

/// <summary>What becomes of an image's tag, from a real registry to the pod: it is there, it is not, it is shown to others alone, nobody answers.</summary>
public sealed class PulledImageTests(PostgresServer postgres) : IAsyncLifetime
{
    private RegistryServer _registry = null!;
    private ClusterWorld _world = null!;

    public async ValueTask InitializeAsync()
    {
        _registry = await RegistryServer.StartAsync();
        _world = await ClusterWorld.StartAsync(postgres, settings: ["Builder:Workers=2"]);
    }

    public async ValueTask DisposeAsync()
    {
        if (_world is not null)
        {
            Assert.DoesNotContain(RegistryServer.Password, _world.Services.Catalogue.Logged, StringComparison.Ordinal);
            await _world.DisposeAsync();
            await _registry.DisposeAsync();
        }
    }

    private static string Of(string image, string more = "") =>
        System.Text.RegularExpressions.Regex.Replace(Deployment("chat", $"revision: '{new string('c', 40)}'", more), "(?<=image: ).*", image);

    private string ImageOf(int revision) => (string)_world.PodOf("chat", revision)["containers"]![0]!["image"]!;

    [Fact]
    public async Task A_tag_becomes_the_digest_that_it_is_now_and_another_with_the_next_revision_alone()
    {
        var first = await _registry.PushAsync("team/image", "1.2", "one");
        (await _world.Services.Apply(Of($"{_registry.Address}/team/image:1.2"))).ExpectOk();
        var status = await _world.Serves("chat");
        Assert.Equal($"{_registry.Address}/team/image@{first}", ImageOf(1));
        Assert.Equal(first, (string?)status!["digest"]);

        var second = await _registry.PushAsync("team/image", "1.2", "two");
        (await _world.Services.Apply(Of($"{_registry.Address}/team/image:1.2", "replicas: 2"))).ExpectOk();
        await _world.Serves("chat", replicas: 2);
        Assert.Equal($"{_registry.Address}/team/image@{first}", ImageOf(1));
        (await _world.Services.Catalogue.Post("/deployments/chat/restart", "")).Expect(System.Net.HttpStatusCode.Accepted);
        await _world.Serves("chat", revision: 2, replicas: 2);
        Assert.Equal($"{_registry.Address}/team/image@{second}", ImageOf(2));
        Assert.Null(_world.PodOf("chat", 2)["imagePullSecrets"]);
    }

    [Fact]
    public async Task What_is_not_there_is_refused_in_the_registrys_words_until_it_is_pushed()
    {
        (await _world.Services.Apply(Of($"{_registry.Address}/team/image:1.2"))).ExpectOk();
        var status = await _world.Status("chat", told => (string?)told["phase"] == "error");
        Assert.Equal(
            $"The image {_registry.Address}/team/image:1.2 cannot be run: {_registry.Address} has no image 'team/image'. Is the name right, and was it pushed there?", (string?)status!["message"]);
        Assert.Equal("ImageUnavailable", (string?)Condition(status, "Accepted")!["reason"]);
        Assert.Empty(_world.Cluster.All(KubernetesResource.StatefulSets, Namespace));

        var digest = await _registry.PushAsync("team/image", "1.2", "one");
        await _world.Serves("chat");
        Assert.Equal($"{_registry.Address}/team/image@{digest}", ImageOf(1));

        (await _world.Services.Apply(Of($"{_registry.Address}/team/image:1.3"))).ExpectOk();
        status = await _world.Status("chat", told => (string?)Condition(told, "Accepted")!["status"] == "False");
        Assert.Equal("running", (string?)status!["phase"]);
        Assert.Contains("has no '1.3' of 'team/image'. Is the tag right, and was it deleted since?", (string?)status["message"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_shown_to_others_alone_is_run_as_it_is_written_and_by_digest_with_the_namespaces_credentials_which_the_nodes_get_too()
    {
        var digest = await _registry.PushAsync("team/image", "1.2", "one");
        await using var closed = await RegistryServer.StartAsync(_registry.Storage, auth: "htpasswd");
        (await _world.Services.Apply(Of($"{closed.Address}/team/image:1.2"))).ExpectOk();
        await _world.Serves("chat");
        Assert.Equal($"{closed.Address}/team/image:1.2", ImageOf(1));
        var warning = Assert.Single(await _world.Services.Events("chat"), told => (string?)told["reason"] == "ImageNotResolved");
        Assert.Equal(
            $"The digest of {closed.Address}/team/image:1.2 could not be found out: {closed.Address} wants a user and a password, and none is set for it. Set a credential for this registry. "
            + "Credentials stand in the namespace's Secret 'registries', key '.dockerconfigjson'. It is run as it is written, and the nodes ask for themselves; a tag that moves on means another image for replicas that are made later.",
            (string?)warning["message"]);

        var credentials = $$$"""{"auths":{"{{{closed.Address}}}":{"username":"tests","password":"{{{RegistryServer.Password}}}"} } }""";
        (await _world.Services.Apply(Registries(credentials))).ExpectOk();
        (await _world.Services.Catalogue.Post("/deployments/chat/restart", "")).Expect(System.Net.HttpStatusCode.Accepted);
        await _world.Serves("chat", revision: 2);
        Assert.Equal($"{closed.Address}/team/image@{digest}", ImageOf(2));
        Assert.Equal("""[{"name":"chat-pull"}]""", _world.PodOf("chat", 2)["imagePullSecrets"]!.ToJsonString());
        var secret = _world.Cluster.All(KubernetesResource.Secrets, Namespace)["chat-pull"];
        Assert.Equal(("kubernetes.io/dockerconfigjson", credentials), (secret.Text("type"), System.Text.Encoding.UTF8.GetString(Convert.FromBase64String(secret.Text("data", ".dockerconfigjson")!))));
        Assert.DoesNotContain(RegistryServer.Password, $"{await _world.Services.StatusOf("chat")}{string.Concat(await _world.Services.Events("chat"))}{string.Concat(await _world.Revisions("chat"))}", StringComparison.Ordinal);

        // Of no use, it is told and left out.
        (await _world.Services.Apply(Registries("nonsense"))).ExpectOk();
        (await _world.Services.Catalogue.Post("/deployments/chat/restart", "")).Expect(System.Net.HttpStatusCode.Accepted);
        await _world.Serves("chat", revision: 3);
        Assert.Null(_world.PodOf("chat", 3)["imagePullSecrets"]);
        Assert.Contains(await _world.Services.Events("chat"), told => (string?)told["reason"] == "PullSecretUnusable" && told["message"]!.ToString().StartsWith("The image is pulled without the Secret 'registries': it is no JSON", StringComparison.Ordinal));

        static string Registries(string json) => $"kind: Secret\nmetadata: {{ name: registries }}\nspec: {{ data: {{ .dockerconfigjson: {System.Text.Json.JsonSerializer.Serialize(json)} }} }}";
    }

    [Fact]
    public async Task A_registry_that_does_not_answer_is_no_reason_to_wait_and_what_is_no_image_is_one()
    {
        var image = $"127.0.0.1:{RegistryServer.FreePort()}/team/image:1.2";
        (await _world.Services.Apply(Of(image))).ExpectOk();
        await _world.Serves("chat");
        Assert.Equal(image, ImageOf(1));
        Assert.Single(await _world.Services.Events("chat"), told => (string?)told["type"] == "Warning" && (string?)told["reason"] == "ImageNotResolved");

        var plan = await PlanAsync("127.0.0.1:1/Team/Image");
        Assert.Equal(["ImageUnavailable"], plan["faults"]!.AsArray().Select(fault => (string?)fault!["reason"]));
        Assert.StartsWith("The image 127.0.0.1:1/Team/Image cannot be run: 'Team' has capital letters", (string?)plan["faults"]![0]!["message"], StringComparison.Ordinal);
        plan = await PlanAsync(image);
        Assert.Equal(["ImageNotResolved"], plan["warnings"]!.AsArray().Select(fault => (string?)fault!["reason"]));

        async Task<JsonNode> PlanAsync(string image) => (await _world.Services.Catalogue.Send(
            HttpMethod.Post, "/deployments/plan", $$"""{"entry":{"id":"m","modelType":"chat","engine":"vllm","repo":"acme/m","licence":"Apache-2.0"},"image":"{{image}}","gpu":{"count":0} }""", FirstKey, "application/json")).ExpectOk().Json;
    }
}
