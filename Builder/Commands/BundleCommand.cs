using System.CommandLine;
using Orrery.Builder.Bundles;

namespace Orrery.Builder.Commands;

/// <summary><c>bundle</c>: what is needed behind an air gap, as a directory: made, looked through, and brought into a registry there.</summary>
internal static class BundleCommand
{
    public static Command Create() => new("bundle", "Images with all that refers to them, entries and charts as a directory that is carried over an air gap (docs/air-gap.md)")
    {
        Export(),
        Verify(),
        Import(),
    };

    private static Command Export()
    {
        var directory = new Argument<string>("dir") { Description = "The bundle's directory: new, empty, or a bundle, which is gone on with" };
        var images = new Option<string[]>("--image") { Description = "An image, by tag or digest; may be given often", HelpName = "REF" };
        var platform = new Option<string?>("--platform") { Description = "Of an image for several, the one for this: os/architecture[/variant]; without it: all of them", HelpName = "linux/amd64" };
        var entries = new Option<string[]>("--entries")
        {
            Description = "A file of resources or entries of the catalogue, or a folder of .yaml, .yml, .json, .js and .ts files; may be given often",
            HelpName = "FILE-OR-DIR",
        };
        var charts = new Option<string[]>("--chart") { Description = "A chart, as a folder with Chart.yaml or packed; may be given often", HelpName = "DIR-OR-TGZ" };
        var credentials = Credentials();
        var command = new Command("export", "Makes a bundle. Begun again after it was cut off, it fetches what is missing") { directory, images, platform, entries, charts, credentials };
        command.SetAction((words, cancellationToken) => BundleRun.GuardAsync(
            async () =>
            {
                var wanted = BundleWish.Read(words.GetValue(images) ?? [], words.GetValue(platform), words.GetValue(entries) ?? [], words.GetValue(charts) ?? []);
                var known = BundleRun.ReadCredentials(words.GetValue(credentials));
                using var world = BundleWorld.Create(wanted.Images.Select(image => image.Registry!), Console.Error);
                var sums = await new BundleExport(world, known).RunAsync(new BundleFolder(words.GetValue(directory)!), wanted, cancellationToken);
                Console.WriteLine($"images: {wanted.Images.Count}, SHA256SUMS: {sums}");
                return 0;
            },
            Console.Error));
        return command;
    }

    private static Command Verify()
    {
        var directory = new Argument<string>("dir") { Description = "The bundle's directory" };
        var command = new Command("verify", "Holds every file against its checksum, every blob against its digest, and looks whether all is there; 1 where anything is wrong") { directory };
        command.SetAction((words, cancellationToken) => BundleRun.GuardAsync(
            async () =>
            {
                var check = await BundleRun.CheckAsync(words.GetValue(directory)!, BundleRun.ProgressTo(Console.Error), cancellationToken);
                check.Faults.ToList().ForEach(Console.WriteLine);
                Console.WriteLine(check.Content is { } content
                    ? $"images: {content.About.Images.Count}, files: {content.Files.Count}, SHA256SUMS: {content.Sums}"
                    : $"faults: {check.Faults.Count}");
                return check.Content is null ? 1 : 0;
            },
            Console.Error));
        return command;
    }

    private static Command Import()
    {
        var directory = new Argument<string>("dir") { Description = "The bundle's directory" };
        var registry = new Option<string>("--registry") { Description = "Where images are pushed: they are called HOST/PREFIX/THEIR-REGISTRY/THEIR-REPOSITORY there", HelpName = "HOST/PREFIX", Required = true };
        var output = new Option<string?>("--output") { Description = "A directory for images.json, registries.conf, entries and charts; without it: none of them", HelpName = "DIR" };
        var credentials = Credentials();
        var command = new Command("import", "Verifies a bundle and pushes what is missing of it; nothing where anything is wrong") { directory, registry, output, credentials };
        command.SetAction((words, cancellationToken) => BundleRun.GuardAsync(
            async () =>
            {
                var place = ImportPlace.Read(words.GetValue(registry)!);
                var known = BundleRun.ReadCredentials(words.GetValue(credentials));
                using var world = BundleWorld.Create([place.Host], Console.Error);
                var target = words.GetValue(output) is { } path ? new ImportFolder(path) : null;
                var check = await BundleRun.CheckAsync(words.GetValue(directory)!, world.Progress, cancellationToken);
                if (check.Content is not { } content)
                {
                    check.Faults.ToList().ForEach(Console.Error.WriteLine);
                    await Console.Error.WriteLineAsync($"Nothing was imported: {check.Faults.Count} faults. Copy the bundle again from where it is whole.");
                    return 1;
                }

                var images = await new BundleImport(world, place, known).RunAsync(new BundleFolder(words.GetValue(directory)!), content, cancellationToken);
                target?.Write(new BundleFolder(words.GetValue(directory)!), content, images, world.IsPlain(place.Host));
                foreach (var image in images.Images)
                {
                    Console.WriteLine($"{image.Reference} -> {image.Image}");
                }

                foreach (var (original, mirror) in images.Mirrors)
                {
                    Console.WriteLine($"Registries__Mirrors__{original}={mirror}");
                }

                return 0;
            },
            Console.Error));
        return command;
    }

    private static Option<string?> Credentials() =>
        new("--credentials") { Description = "Users and passwords of registries, in the form of Docker's config.json: {\"auths\": {\"HOST\": {…}}}", HelpName = "FILE" };
}
