using Orrery.Catalogue.Dockerfiles;
using Orrery.Catalogue.Documents;
using Orrery.Catalogue.Servers;
using Orrery.Contracts;

namespace Orrery.Catalogue.Linting;

/// <summary>Parses the entry's Dockerfile, its own or the one that is made for it, and holds it against what production asks.</summary>
internal static class ImageRules
{
    private const string Field = "dockerfile";

    public static void Check(EntryReport report)
    {
        var model = report.Entry.Spec;
        if (model.Engine is not { } engine || ServerTables.Current(engine) is not { } table)
        {
            return;
        }

        var errors = new FieldErrorList();
        var file = Dockerfile.Parse(DockerfileRenderer.Render(model, table, new StartOptions()), errors);
        foreach (var error in errors.All)
        {
            report.Error("dockerfile", Field, error.Value, $"{error.Expectation} ({Place(error)})", error.Remedy);
        }

        foreach (var note in file.Notes)
        {
            report.Warn("dockerfile", Field, note.Value, $"{note.Expectation} ({Place(note)})", note.Remedy);
        }

        foreach (var finding in DockerfileRules.Check(file, new DockerfileExpectations(model.EffectivePort)))
        {
            report.Add(
                finding.Severity == FindingSeverity.Error ? Severities.Error : Severities.Warning, finding.Rule, Field, finding.Found,
                $"{finding.Expectation} (line {finding.Line} of the Dockerfile)", finding.Remedy);
        }
    }

    private static string Place(FieldError error) => $"line {error.Line} of the Dockerfile{(error.Path.Length > 0 ? ", " + error.Path : "")}";
}
