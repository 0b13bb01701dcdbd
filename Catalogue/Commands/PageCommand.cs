using System.CommandLine;
using Orrery.Catalogue.Entries;

namespace Orrery.Catalogue.Commands;

/// <summary><c>page</c>: writes the page of all built-in models, <c>docs/models.md</c>.</summary>
internal static class PageCommand
{
    public static Command Create()
    {
        var output = new Option<string?>("--output", "-o") { Description = "The file to write; without it: the standard output" };
        var command = new Command("page", "Writes docs/models.md from the entries that come with the Catalogue") { output };
        command.SetAction(result =>
        {
            var page = ModelsPage.Write(BuiltInEntries.All);
            if (result.GetValue(output) is { } path)
            {
                try
                {
                    File.WriteAllText(path, page);
                }
                catch (Exception error) when (error is IOException or UnauthorizedAccessException)
                {
                    Console.Error.WriteLine($"The page cannot be written to '{path}': {error.Message} Its folder must be there.");
                    return 2;
                }
            }
            else
            {
                Console.Write(page);
            }

            return 0;
        });
        return command;
    }
}
