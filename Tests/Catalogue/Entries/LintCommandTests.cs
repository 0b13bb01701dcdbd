using System.Diagnostics;
using Orrery.Catalogue.Commands;
using Orrery.Catalogue.Documents;

namespace Orrery.Tests.Catalogue.Entries;

/// <summary>What the command opens, and how it ends.</summary>
public sealed class LintCommandTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("lint");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task What_has_no_end_is_not_opened()
    {
        using (var maker = Process.Start("mkfifo", Path.Combine(_folder.FullName, "pipe.yaml")))
        {
            await maker.WaitForExitAsync(TestContext.Current.CancellationToken);
        }

        File.CreateSymbolicLink(Path.Combine(_folder.FullName, "zero.yaml"), "/dev/zero");
        Assert.Equal(1, await CatalogueCommands.RunAsync(["lint", _folder.FullName])); // There is no entry in either.
    }

    [Fact]
    public async Task What_is_too_long_or_not_there_is_told_before_anything_is_read()
    {
        await using (var file = File.Create(Path.Combine(_folder.FullName, "long.yaml")))
        {
            file.SetLength(DocumentLimits.MaxBytes + 1);
        }

        Assert.Equal(2, await CatalogueCommands.RunAsync(["lint", _folder.FullName]));
        File.Delete(Path.Combine(_folder.FullName, "long.yaml"));
        File.CreateSymbolicLink(Path.Combine(_folder.FullName, "gone.yaml"), "/nowhere");
        Assert.Equal(2, await CatalogueCommands.RunAsync(["lint", _folder.FullName]));
    }

    [Fact]
    public async Task What_is_not_understood_is_no_finding() => Assert.Equal(2, await CatalogueCommands.RunAsync(["lint", "--format", "xml"]));
}
