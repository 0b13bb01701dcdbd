using Orrery.Builder;
using Orrery.Builder.Targets;
using Orrery.Builder.Targets.Container;
using Orrery.Contracts;

namespace Orrery.Tests.Builder.Container;

[Collection(ServerImageCollection.Name)]
public sealed class GpuTests(ServerImage image)
{
    private const string Folder = "/var/run/cdi";

    private static readonly string Kind = $"orrery-tests-{Environment.ProcessId}.orrery.dev/gpu";

    private static CancellationToken Soon => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Devices_are_given_to_one_replica_each_and_who_finds_none_waits()
    {
        Assert.SkipWhen(image.Missing is not null, image.Missing ?? "");
        Assert.SkipUnless(Environment.UserName == "root", "Only root declares devices.");
        Directory.CreateDirectory(Folder);
        var file = Path.Combine(Folder, $"orrery-tests-{Environment.ProcessId}.json");
        var devices = Enumerable.Range(0, 3).Select(n => $$$"""{"name":"{{{n}}}","containerEdits":{"env":["GPU_{{{n}}}=yes"]}}""");
        await File.WriteAllTextAsync(file, $$"""{"cdiVersion":"0.3.0","kind":"{{Kind}}","devices":[{{string.Join(',', devices)}}]}""", Soon);
        try
        {
            await using var world = new ContainerWorld(gpus: new GpuPool(TimeProvider.System, "/no/such/program", Folder));
            var template = ContainerWorld.Template() with { Gpu = new TemplateGpu("tests", Kind, $"{Kind}=all", 1, null) };
            var first = ContainerWorld.Wanted(world.Key(), template, 2);
            await world.ReadyAsync(first);
            Assert.Equal(["GPU_0", "GPU_1"], await Task.WhenAll((await world.ContainersAsync()).Order().Select(GpusAsync)));

            var node = Assert.Single((await world.Target.InventoryAsync(world.Key(), Soon)).Nodes);
            Assert.Equal((3, 1), (node.Capacity[Kind], node.Free[Kind]));

            var two = ContainerWorld.Wanted(world.Key("two"), template with { Gpu = template.Gpu with { Count = 2 } });
            var waiting = (await world.UntilAsync(two, seen => seen.Count == 1)).Single();
            Assert.Equal((ReplicaState.Waiting, ReplicaReasons.NoPlace), (waiting.State, waiting.Reason));
            Assert.StartsWith($"It asks for 2 GPUs of the class tests ({Kind}=all); 1 of the machine's 3 is free.", waiting.Message, StringComparison.Ordinal);
            var named = ContainerWorld.Wanted(world.Key("named"), template with { Gpu = template.Gpu with { Device = $"{Kind}=1" } });
            Assert.Contains("0 of the machine's 1 are free", (await world.UntilAsync(named, seen => seen.Count == 1)).Single().Message, StringComparison.Ordinal);

            await world.UntilAsync(first with { Count = 0 }, seen => seen.Count == 0);
            await world.ReadyAsync(two);
            Assert.Equal("GPU_0 GPU_1", await GpusAsync((await world.ContainersAsync()).Single()));
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public async Task The_machine_is_the_one_node_there_is()
    {
        Assert.SkipWhen(image.Missing is not null, image.Missing ?? "");
        await using var world = new ContainerWorld(gpus: new GpuPool(TimeProvider.System, "/no/such/program", "/no/such/folder"));
        var before = Assert.Single((await world.Target.InventoryAsync(world.Key(), Soon)).Nodes);
        Assert.Equal(("podman", "linux"), (before.Labels["orrery.dev/container-tool"], before.Labels["kubernetes.io/os"]));
        Assert.True(before.IsOpen);
        Assert.Empty(before.Capacity);
        var resources = new ModelResources { Cpu = "500m", Memory = ByteSize.FromGibibytes(0.25) };
        await world.ReadyAsync(ContainerWorld.Wanted(world.Key(), ContainerWorld.Template() with { Resources = resources, Requests = resources }));
        Assert.Equal(before.FreeCores - 0.5, Assert.Single((await world.Target.InventoryAsync(world.Key(), Soon)).Nodes).FreeCores, 3);
    }

    [Fact]
    public void The_drivers_list_is_read_with_slices_in_place_of_their_card()
    {
        const string List = """
            GPU 0: NVIDIA H100 80GB HBM3 (UUID: GPU-5d5ba0d6-d33d-2b2c-524d-9e3d8d2b8a77)
            GPU 1: NVIDIA H100 80GB HBM3 (UUID: GPU-c6d4f1ef-42e4-7de3-91c7-45d71c87eb3f)
              MIG 3g.40gb     Device  0: (UUID: MIG-7089d0f3-293f-58c9-8f8c-5ea666eedbde)
              MIG 3g.40gb     Device  1: (UUID: MIG-56c30729-347f-5dd6-8da0-c3bd59e969bd)
            """;
        var gpus = GpuPool.ParseList(List);
        Assert.Equal(["nvidia.com/gpu=0", "nvidia.com/gpu=1:0", "nvidia.com/gpu=1:1"], gpus.Select(gpu => gpu.Name));
        Assert.Equal(["nvidia.com/gpu", "nvidia.com/mig-3g.40gb", "nvidia.com/mig-3g.40gb"], gpus.Select(gpu => gpu.Resource));
        Assert.All(gpus, gpu => Assert.Equal("NVIDIA H100 80GB HBM3", gpu.Product));
        var slice = new TemplateGpu("slice", "nvidia.com/mig-3g.40gb", "nvidia.com/gpu=all", 1, null);
        Assert.Equal("1:1", GpuPool.Choose(slice, gpus, new HashSet<string> { "nvidia.com/gpu=1:0" })!.Single().Device);
        Assert.Equal("0", GpuPool.Choose(slice with { ResourceName = "nvidia.com/gpu" }, gpus, new HashSet<string>())!.Single().Device);
        Assert.Null(GpuPool.Choose(slice with { ResourceName = "nvidia.com/gpu", Count = 2 }, gpus, new HashSet<string>()));
        Assert.Empty(GpuPool.ParseList("NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver."));
    }

    [Fact]
    public void Devices_that_a_makers_tool_declares_are_read()
    {
        const string Yaml = """
            cdiVersion: 0.5.0
            containerEdits:
              deviceNodes:
              - path: /dev/nvidia-uvm
              hooks:
              - args: [nvidia-ctk, hook]
                hookName: createContainer
            devices:
            - containerEdits:
                deviceNodes:
                - path: /dev/nvidia0
              name: "0"
            - containerEdits:
                deviceNodes:
                - path: /dev/nvidia0
              name: GPU-5d5ba0d6-d33d-2b2c-524d-9e3d8d2b8a77
            - name: all
            kind: nvidia.com/gpu
            """;
        Assert.Equal(["nvidia.com/gpu=0"], GpuPool.ParseCdi(Yaml).Select(gpu => gpu.Name));
        Assert.Equal(["amd.com/gpu=0"], GpuPool.ParseCdi("""{"kind":"amd.com/gpu","devices":[{"name":"0"},{"name":"all"}]}""").Select(gpu => gpu.Name));
        Assert.Empty(GpuPool.ParseCdi("""{"kind":"vendor.com/net","devices":[{"name":"0"}]}"""));
        Assert.Empty(GpuPool.ParseCdi("{"));
    }

    [Fact]
    public void Docker_is_told_of_several_GPUs_in_quotes_of_its_own()
    {
        var template = ContainerWorld.Template() with { Gpu = new TemplateGpu("h100", "nvidia.com/gpu", "nvidia.com/gpu=all", 2, null) };
        var labels = new ContainerLabels("i", new("n", "d", "u"), 1, 0, "t", 8000, false, ContainerProbe.Of(template), ["nvidia.com/gpu=0", "nvidia.com/gpu=2"], 0, 0, template.Drain, 0, 0, false);
        string[] Of(bool podman) => [.. ContainerPlan.Of("name", template, labels, null, new CacheMount("v", false), new Dictionary<string, string>(), new FoundTool("/tool", podman, "1"), new ContainerOptions()).Arguments];
        Assert.Equal("\"device=0,2\"", Of(podman: false)[Array.IndexOf(Of(podman: false), "--gpus") + 1]);
        Assert.Equal(["nvidia.com/gpu=0", "nvidia.com/gpu=2"], Of(podman: true).Where((_, at) => at > 0 && Of(podman: true)[at - 1] == "--device"));
        Assert.Contains("--shm-size=16g", Of(podman: true));
        Assert.Equal(labels.ToLabels(), ContainerLabels.Parse(labels.ToLabels())!.ToLabels());
    }

    private static async Task<string> GpusAsync(string container) =>
        string.Join(' ', (await ContainerWorld.PodmanAsync("exec", container, "/bin/sh", "-c", "busybox tr '\\0' '\\n' </proc/1/environ")).Text.Split('\n').Where(line => line.StartsWith("GPU_", StringComparison.Ordinal)).Select(line => line.Split('=')[0]).Order(StringComparer.Ordinal));
}
