using System.Text.Json;
using Aspire.Hosting;
using Aspire.Hosting.Testing;

namespace Orrery.Tests.Hosting.Publishing;

/// <summary>A checkout with an AppHost in <c>host/</c>, whose graph is written to <c>aspire-manifest.json</c> beside it, in this process.</summary>
internal sealed class ManifestOf : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("manifest-tests-");

    public string Folder => _folder.FullName;

    public string Output => Path.Combine(Folder, "aspire-manifest.json");

    /// <summary>The manifest of the graph that <paramref name="compose"/> adds to.</summary>
    public static async Task<string> GraphAsync(Action<IDistributedApplicationBuilder> compose)
    {
        using var checkout = new ManifestOf();
        return await checkout.WriteAsync(compose);
    }

    /// <summary>One entry in compact form, its members in their order.</summary>
    public static string Entry(string manifest, string name)
    {
        using var document = JsonDocument.Parse(manifest);
        return JsonSerializer.Serialize(document.RootElement.GetProperty("resources").GetProperty(name));
    }

    /// <summary>The names of the entries, in their order.</summary>
    public static List<string> Names(string manifest)
    {
        using var document = JsonDocument.Parse(manifest);
        return [.. document.RootElement.GetProperty("resources").EnumerateObject().Select(entry => entry.Name)];
    }

    public async Task<string> WriteAsync(Action<IDistributedApplicationBuilder> compose, params string[] more)
    {
        await using var app = await BuildAsync(compose, ["--publisher", "manifest", "--output-path", Output, .. more]);
        await app.StartAsync(Graph.Soon());
        return await File.ReadAllTextAsync(Output, Graph.Soon());
    }

    public Task<DistributedApplication> BuildAsync(Action<IDistributedApplicationBuilder> compose, string[] args)
    {
        var builder = Create(args);
        compose(builder);
        return builder.BuildAsync(Graph.Soon());
    }

    /// <summary>A project with a launch profile that has these URLs.</summary>
    public void AddProject(string path, string urls)
    {
        var project = Path.Combine(Folder, path);
        Directory.CreateDirectory(Path.Combine(Path.GetDirectoryName(project)!, "Properties"));
        File.WriteAllText(project, "<Project Sdk=\"Microsoft.NET.Sdk.Web\" />");
        File.WriteAllText(
            Path.Combine(Path.GetDirectoryName(project)!, "Properties", "launchSettings.json"),
            $$"""{ "profiles": { "web": { "commandName": "Project", "applicationUrl": "{{urls}}", "environmentVariables": { "HOME_ONLY": "1" } } } }""");
    }

    public void Dispose() => _folder.Delete(recursive: true);

    private IDistributedApplicationTestingBuilder Create(string[] args)
    {
        var host = Directory.CreateDirectory(Path.Combine(Folder, "host")).FullName;
        return DistributedApplicationTestingBuilder.Create(args, (options, _) => options.ProjectDirectory = host);
    }
}
