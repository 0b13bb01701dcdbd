using Orrery.Builder;
using Orrery.Builder.Targets;
using Orrery.Tests.Images;

namespace Orrery.Tests.Builder.Container;

[Collection(ServerImageCollection.Name)]
public sealed class OwnershipTests(ServerImage image)
{
    private static CancellationToken Soon => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Two_installations_of_one_machine_do_not_touch_each_other()
    {
        Assert.SkipWhen(image.Missing is not null, image.Missing ?? "");
        await using var one = new ContainerWorld();
        await using var other = new ContainerWorld();
        var key = one.Key();
        var wanted = ContainerWorld.Wanted(key, ContainerWorld.Template());
        await one.ReadyAsync(wanted);

        Assert.Empty(await other.SeenAsync(key));
        Assert.True(await other.Target.RemoveAllAsync(key, Soon));
        var error = await Assert.ThrowsAsync<TargetException>(() => other.Target.ApplyAsync(ContainerWorld.Wanted(other.Key(), ContainerWorld.Template()), Soon));
        Assert.Equal($"A container that is not this installation's has the name {Leftovers.Mine}-default-box-r1-0. Remove or rename it, or give this installation another Builder:Container:Prefix.", error.Message);
        Assert.Equal(ReplicaState.Ready, Assert.Single(await one.SeenAsync(key)).State);
    }

    [Fact]
    public async Task A_container_of_somebody_elses_that_has_the_name_is_left_alone_and_named()
    {
        Assert.SkipWhen(image.Missing is not null, image.Missing ?? "");
        await using var world = new ContainerWorld();
        var name = $"{Leftovers.Mine}-default-box-r1-0";
        _ = (await ContainerWorld.PodmanAsync(["create", "--name", name, .. ServerImage.Limits, ServerImage.Name])).Text;
        try
        {
            var error = await Assert.ThrowsAsync<TargetException>(() => world.Target.ApplyAsync(ContainerWorld.Wanted(world.Key(), ContainerWorld.Template()), Soon));
            Assert.Contains($"has the name {name}", error.Message, StringComparison.Ordinal);
            Assert.Equal(0, (await ContainerWorld.PodmanAsync("container", "inspect", name)).Code);
        }
        finally
        {
            await ContainerWorld.PodmanAsync("rm", "--force", name);
        }
    }

    [Fact]
    public async Task What_runs_something_else_or_for_a_deployment_that_is_no_more_gives_way()
    {
        Assert.SkipWhen(image.Missing is not null, image.Missing ?? "");
        await using var world = new ContainerWorld();
        var key = world.Key();
        var first = await world.ReadyAsync(ContainerWorld.Wanted(key, ContainerWorld.Template()));
        var second = await AgainAsync(world, ContainerWorld.Wanted(key, ContainerWorld.Template() with { Environment = new Dictionary<string, string> { ["A"] = "b" } }), first);
        await AgainAsync(world, ContainerWorld.Wanted(world.Key(), ContainerWorld.Template()), second);
        Assert.Empty(await world.SeenAsync(key));
        Assert.Single(await world.ContainersAsync());
    }

    [Fact]
    public async Task The_longest_names_are_shortened_and_serve()
    {
        Assert.SkipWhen(image.Missing is not null, image.Missing ?? "");
        await using var world = new ContainerWorld();
        var key = world.Key(new string('d', 63), new string('n', 63));
        await world.ReadyAsync(ContainerWorld.Wanted(key, ContainerWorld.Template(), revision: 1_000_000));
        Assert.Equal(63, (await world.ContainersAsync()).Single().Length);
    }

    [Fact]
    public async Task No_secret_is_on_a_command_line_or_in_a_label_and_the_server_has_it()
    {
        Assert.SkipWhen(image.Missing is not null, image.Missing ?? "");
        const string Script = """
            #!/bin/sh
            for word in "$@"; do printf '%s\n' "$word" >> "$(dirname "$0")/words"; done
            exec podman "$@"
            """;
        var folder = Directory.CreateTempSubdirectory("orrery-tests-").FullName;
        var tool = Path.Combine(folder, "podman");
        await ToolScript.WriteAsync(tool, Script);
        await using var world = new ContainerWorld();
        // What the tool would obey itself, and what has more than one line.
        var secrets = new Dictionary<string, string> { ["HF_TOKEN"] = "hf_s3cr3t a\"b'$c", ["CERTIFICATE"] = "s3cr3t\nlines", ["HTTPS_PROXY"] = "http://me:s3cr3t@proxy:1" };
        var template = ContainerWorld.Template() with { Secrets = [.. secrets.Keys.Select(name => new SecretVariable(name, "hub", "token", "f"))] };
        var wanted = ContainerWorld.Wanted(world.Key(), template, secrets: secrets);
        await world.NewTarget(options => options.Tool = tool).ApplyAsync(wanted, Soon);
        await world.ReadyAsync(wanted);

        Assert.DoesNotContain("s3cr3t", await File.ReadAllTextAsync(Path.Combine(folder, "words"), Soon), StringComparison.Ordinal);
        var name = (await world.ContainersAsync()).Single();
        Assert.DoesNotContain("s3cr3t", (await ContainerWorld.PodmanAsync("inspect", "--format", "{{json .Config.Labels}}", name)).Text, StringComparison.Ordinal);
        foreach (var (variable, value) in secrets)
        {
            Assert.Equal(value, (await ContainerWorld.PodmanAsync("exec", name, "/bin/sh", "-c", $"printf %s \"${variable}\"")).Text);
        }

        Directory.Delete(folder, recursive: true);
        var refused = await Assert.ThrowsAsync<TargetException>(() => world.Target.ApplyAsync(
            ContainerWorld.Wanted(world.Key("other"), template, secrets: new Dictionary<string, string> { ["PATH"] = "a\nb" }), Soon));
        Assert.Equal("The secret of the variable PATH has several lines, and podman cannot be given that variable so. Use a value of one line, or another name for it.", refused.Message);
        Assert.True(refused.IsFinal);
    }

    private static async Task<Replica> AgainAsync(ContainerWorld world, WantedReplicas wanted, Replica before) =>
        (await world.UntilAsync(wanted, seen => seen.Count == 1 && seen[0].State == ReplicaState.Ready && seen[0].Incarnation != before.Incarnation)).Single();
}
