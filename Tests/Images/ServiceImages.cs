using System.ComponentModel;
using System.Text.Json;

namespace Orrery.Tests.Images;

/// <summary>The images of all services, built by <c>eng/images.sh</c> from this checkout on this machine's own files; gone after the tests.</summary>
public sealed class ServiceImages : IAsyncLifetime
{
    private string[] _basesBefore = [];

    /// <summary>Why no image can be built or run here; null: they can.</summary>
    public string? Missing { get; private set; }

    internal static string Registry => "localhost/" + Leftovers.Mine;

    internal IReadOnlyList<BuiltImage> Built { get; private set; } = [];

    internal string this[string service] => Built.Single(image => image.Service == service).Name;

    public async ValueTask InitializeAsync()
    {
        Missing = await MissingAsync();
        if (Missing is not null)
        {
            return;
        }

        await Leftovers.SweepAsync();
        _basesBefore = await BasesAsync();
        Built = ImageScript.Table(await ImageScript.RunAsync("--local-base", "--tool", "podman", "--registry", Registry));
        var works = await Command.RunAsync("podman", ["run", "--rm", "--network", "none", .. ImageRun.Limits, "--entrypoint", "dotnet", Built[0].Name, "--list-runtimes"]);
        Missing = works.Code == 0 ? null : $"podman cannot run a container here: {works.Error}";
    }

    public async ValueTask DisposeAsync()
    {
        if (Built.Count > 0)
        {
            await Leftovers.RemoveImagesAsync(Registry);
            // A base that was here before stays, and so does one on which somebody else stands by now.
            foreach (var made in (await BasesAsync()).Except(_basesBefore))
            {
                await Command.RunAsync("podman", "rmi", made);
            }
        }
    }

    /// <summary>The image's description, as <c>podman image inspect</c> has it.</summary>
    internal static async Task<JsonElement> InspectAsync(string image)
    {
        using var document = JsonDocument.Parse((await Command.RunAsync("podman", "image", "inspect", image)).Text);
        return document.RootElement[0].Clone();
    }

    private static async Task<string?> MissingAsync()
    {
        if (Environment.UserName != "root")
        {
            return "Only root's podman gives containers addresses that this process reaches.";
        }

        try
        {
            var answer = await Command.RunAsync("podman", "ps", "-q");
            return answer.Code == 0 ? null : $"podman does not work here: {answer.Error}";
        }
        catch (Win32Exception error)
        {
            return $"podman is not installed: {error.Message}";
        }
    }

    private static async Task<string[]> BasesAsync() =>
        (await Command.RunAsync("podman", "images", "--filter", "reference=localhost/orrery-local-base", "--format", "{{.Repository}}:{{.Tag}}")).Text.Split('\n');
}

/// <summary>Tests in this collection share the images and run one after another, apart from all others: building keeps the machine busy.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class ServiceImagesCollection : ICollectionFixture<ServiceImages>
{
    public const string Name = "service images";
}
