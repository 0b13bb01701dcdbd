using System.Text.Json;

namespace Orrery.Tests.Images;

/// <summary>What the built images hold and say of themselves.</summary>
[Collection(ServiceImagesCollection.Name)]
[Trait("Category", "Long")]
public sealed class ImageTests(ServiceImages images)
{
    private static readonly string[] Variables =
    [
        "APP_UID", "ASPNETCORE_HTTP_PORTS", "ASPNET_VERSION", "DOTNET_EnableDiagnostics", "DOTNET_RUNNING_IN_CONTAINER",
        "DOTNET_SYSTEM_GLOBALIZATION_INVARIANT", "DOTNET_VERSION", "ORRERY_DATA", "PATH",
    ];

    [Fact]
    public async Task Each_runs_as_a_numbered_user_on_8080_and_says_what_it_is()
    {
        Assert.SkipWhen(images.Missing is not null, images.Missing ?? "");
        var commit = (await Command.RunAsync("git", "-C", Repository.Root, "log", "-1", "--format=%H %ct")).Output.Split(' ');
        foreach (var built in images.Built)
        {
            var image = await ServiceImages.InspectAsync(built.Name);
            var config = image.GetProperty("Config");
            Assert.Equal("1654:1654", config.GetProperty("User").GetString());
            Assert.Equal(["8080/tcp"], config.GetProperty("ExposedPorts").EnumerateObject().Select(port => port.Name));
            Assert.Equal(["dotnet", "/app/service.dll"], config.GetProperty("Entrypoint").EnumerateArray().Select(word => word.GetString()));
            Assert.Equal(Variables, config.GetProperty("Env").EnumerateArray().Select(entry => entry.GetString()!.Split('=')[0]).Order(StringComparer.Ordinal));

            var labels = config.GetProperty("Labels");
            Assert.Equal(built.Service, Text(labels, "org.opencontainers.image.title"));
            Assert.Equal(built.Name.Split(':')[^1], Text(labels, "org.opencontainers.image.version"));
            Assert.Equal("Apache-2.0", Text(labels, "org.opencontainers.image.licenses"));
            Assert.Contains("not Microsoft's image", Text(labels, "dev.orrery.local-base"), StringComparison.Ordinal);
            Assert.Equal(commit[0], Text(labels, "org.opencontainers.image.revision")?.Replace("-changed", "", StringComparison.Ordinal) ?? "");
            if (commit.Length == 2)
            {
                Assert.Equal(commit[1], $"{image.GetProperty("Created").GetDateTimeOffset().ToUnixTimeSeconds()}");
            }
        }
    }

    [Fact]
    public async Task Each_holds_what_it_runs_in_files_that_it_cannot_change_and_nothing_else()
    {
        Assert.SkipWhen(images.Missing is not null, images.Missing ?? "");
        foreach (var built in images.Built)
        {
            var root = (await Command.RunAsync("podman", "image", "mount", built.Name)).Text;
            try
            {
                var files = (await Command.RunAsync("find", $"{root}/app", "-printf", "%P %y %m %U:%G\n")).Text.Split('\n');
                Assert.Contains("d 755 0:0", files);
                Assert.Contains("service.dll l 777 0:0", files);
                Assert.Contains("appsettings.json f 644 0:0", files);
                Assert.All(files.Where(file => !file.StartsWith("d ", StringComparison.Ordinal) && !file.StartsWith("service.dll", StringComparison.Ordinal)), file =>
                    Assert.Matches(@"^([\w.]+\.dll|[\w.]+\.(deps|runtimeconfig|endpoints)\.json|appsettings\.json) f 644 0:0$", file));
            }
            finally
            {
                await Command.RunAsync("podman", "image", "unmount", built.Name);
            }
        }
    }

    [Fact]
    public async Task An_unknown_base_is_refused_with_the_way_out()
    {
        Assert.SkipWhen(images.Missing is not null, images.Missing ?? "");
        var answer = await ImageScript.RunAsync("--tool", "podman", "--base", "127.0.0.1:1/none:1", "gateway");
        Assert.Equal(1, answer.Code);
        Assert.Contains("the base 127.0.0.1:1/none:1 is not on this machine and cannot be pulled.", answer.Error, StringComparison.Ordinal);
        Assert.Contains("--local-base", answer.Error, StringComparison.Ordinal);
    }

    private static string? Text(JsonElement labels, string name) => labels.TryGetProperty(name, out var label) ? label.GetString() : null;
}
