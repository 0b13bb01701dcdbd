namespace Orrery.Tests.Hosting.Surface;

/// <summary>Aspire's public API of both releases as assemblies, and the AppHost's sources compiled against them as package mode would.</summary>
public sealed class AppHostCompilation : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("orrery-aspire-").FullName;
    private readonly Dictionary<string, Task<string>> _references = [];
    private int _compilations;

    /// <summary>What the compiler says of the AppHost's sources and <paramref name="addition"/>, with all warnings as errors.</summary>
    /// <param name="release">13.4.6 or 13.5.2.</param>
    /// <param name="addition">Source text that is compiled with it; empty for none.</param>
    /// <param name="noWarn">Warnings that are off.</param>
    /// <param name="cancellationToken">Ends the compiler.</param>
    public async Task<IReadOnlyList<string>> CompileAppHostAsync(
        string release, string addition, IEnumerable<string> noWarn, CancellationToken cancellationToken)
    {
        var aspire = await ReferenceAsync(release, cancellationToken);
        var folder = Directory.CreateDirectory(Path.Combine(_folder, $"{release}-{_compilations++}")).FullName;
        var generated = Path.Combine(folder, "Generated.cs");
        await File.WriteAllTextAsync(generated, Generated, cancellationToken);
        var added = Path.Combine(folder, "Addition.cs");
        await File.WriteAllTextAsync(added, addition, cancellationToken);
        IEnumerable<string> options =
        [
            "-target:exe",
            "-warnaserror+",
            $"-nowarn:1701,1702,{string.Join(',', noWarn)}",
            $"-doc:\"{Path.Combine(folder, "Orrery.AppHost.xml")}\"", // So that references in comments are checked, as in a build.
            .. AppHostUse.OtherAssemblies.Append(aspire).Select(path => $"-reference:\"{path}\""),
        ];
        return await SdkCompiler.CompileAsync(folder, "Orrery.AppHost", [.. Sources(), generated, added], options, cancellationToken);
    }

    /// <inheritdoc/>
    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static IEnumerable<string> Sources() => Directory.EnumerateFiles(AppHostUse.Folder, "*.cs", SearchOption.AllDirectories)
        .Where(path => Path.GetRelativePath(AppHostUse.Folder, path).Split(Path.DirectorySeparatorChar)[0] is not ("bin" or "obj"));

    /// <summary>What the SDKs of .NET and Aspire would generate.</summary>
    private static string Generated =>
        $$"""
        global using System;
        global using System.Collections.Generic;
        global using System.IO;
        global using System.Linq;
        global using System.Net.Http;
        global using System.Threading;
        global using System.Threading.Tasks;
        global using Aspire.Hosting;
        global using Aspire.Hosting.ApplicationModel;

        {{string.Concat(AppHostUse.Services.Select(Project))}}
        """;

    private static string Project(string name) =>
        $$"""
        namespace Projects
        {
            /// <summary/>
            public class {{name}} : global::Aspire.Hosting.IProjectMetadata
            {
                /// <summary/>
                public string ProjectPath => "";

                /// <summary/>
                public bool SuppressBuild => true;
            }
        }

        """;

    private Task<string> ReferenceAsync(string release, CancellationToken cancellationToken) =>
        _references.TryGetValue(release, out var known) ? known : _references[release] = CompileReferenceAsync(release, cancellationToken);

    private async Task<string> CompileReferenceAsync(string release, CancellationToken cancellationToken)
    {
        var table = AspireTable.Read(TestData.Require(AspireTable.Source));
        IEnumerable<AspireType> types = release == "13.4.6" ? table.Types.Select(Release134.Of).OfType<AspireType>() : table.Types;
        var folder = Directory.CreateDirectory(Path.Combine(_folder, release)).FullName;
        var source = Path.Combine(folder, "Aspire.cs");
        await File.WriteAllTextAsync(source, new ReferenceSource(table, [.. types]).Write(), cancellationToken);
        var complaints = await SdkCompiler.CompileAsync(folder, "Aspire", [source], ["-target:library"], cancellationToken);
        if (complaints.Count == 0)
        {
            return Path.Combine(folder, "Aspire.dll");
        }

        var kept = Path.Combine(Path.GetTempPath(), $"Aspire-{release}.cs");
        File.Copy(source, kept, overwrite: true);
        throw new InvalidOperationException($"The table's {release} as C# ({kept}) does not compile:\n{string.Join('\n', complaints.Take(40))}");
    }
}
