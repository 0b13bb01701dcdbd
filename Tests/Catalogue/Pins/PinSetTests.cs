using Orrery.Catalogue.Dockerfiles;
using Orrery.Catalogue.Documents;
using Orrery.Catalogue.Entries;
using Orrery.Catalogue.Pins;
using Orrery.Catalogue.Servers;

namespace Orrery.Tests.Catalogue.Pins;

/// <summary>What Dockerfiles are with pins, and without.</summary>
public sealed class PinSetTests
{
    private static readonly string Digest = "sha256:" + new string('d', 64);
    private static readonly string Commit = new('c', 40);

    private static PinSet All(IEnumerable<Pinnable> wanted) =>
        new(wanted.Select(pinnable => new Pin(pinnable.Kind, pinnable.Reference, 1, pinnable.Kind == PinKinds.Image ? Digest : Commit, null, "tests", DateTimeOffset.UnixEpoch)));

    [Fact]
    public void Every_built_in_Dockerfile_with_pins_names_nothing_that_can_become_another()
    {
        foreach (var entry in BuiltInEntries.All)
        {
            foreach (var server in (IEnumerable<string>)[entry.Spec.Engine!, .. entry.Spec.Servers ?? []])
            {
                var table = ServerTables.Current(server)!;
                var wanted = Pinnable.Of(entry.Spec, table);
                var text = DockerfileRenderer.Render(entry.Spec, table, new StartOptions(), All(wanted));
                var errors = new FieldErrorList();
                var file = Dockerfile.Parse(text, errors);
                Assert.Empty(errors.All);
                Assert.Equal(wanted.Single(pinnable => pinnable.Kind == PinKinds.Image).Value ?? Digest, file.Stages.Single().Image!.Digest);
                Assert.Contains($"@{entry.Spec.Revision ?? Commit}\"", text, StringComparison.Ordinal);
                Assert.Empty(DockerfileRules.Check(file, new DockerfileExpectations(8000)).Select(finding => $"{entry.Id} {server} {finding}"));
                Assert.Equal(DockerfileRenderer.Render(entry.Spec, table, new StartOptions()), DockerfileRenderer.Render(entry.Spec, table, new StartOptions(), PinSet.Empty));
            }
        }
    }

    [Theory]
    [InlineData("FROM a/b:1\n", "FROM a/b:1@D\n")]
    [InlineData("FROM a/b:1\r\nRUN x\r\n", "FROM a/b:1@D\r\nRUN x\r\n")]
    [InlineData("\uFEFFFROM a/b:1", "\uFEFFFROM a/b:1@D")]
    [InlineData("# syntax=docker/dockerfile:1\n\n\tfrom --platform=linux/amd64 a/b:1 as base\n", "# syntax=docker/dockerfile:1\n\n\tfrom --platform=linux/amd64 a/b:1@D as base\n")]
    [InlineData("from --platform=linux/amd64 a/b:1 as base\nFROM base\nFROM a/b:1", "from --platform=linux/amd64 a/b:1@D as base\nFROM base\nFROM a/b:1@D")]
    [InlineData("FROM \\\n  # in between\n  a/b:1 \\\n  AS x\nRUN y", "FROM \\\n  # in between\n  a/b:1@D \\\n  AS x\nRUN y")]
    [InlineData("# escape=`\nFROM `\n a/b:1", "# escape=`\nFROM `\n a/b:1@D")]
    [InlineData("ARG I=a/b\nFROM ${I}:1", "ARG I=a/b\nFROM a/b:1@D")]
    [InlineData("ARG I\nFROM ${I:-a/b:1}", "ARG I\nFROM a/b:1@D")]
    [InlineData("FROM scratch\nCOPY --from=a/b:1 / /", "FROM scratch\nCOPY --from=a/b:1 / /")]
    [InlineData("FROM \"a/b:1\"", "FROM a/b:1@D")]
    [InlineData("FROM a/b:1\nRUN <<EOF\nFROM a/b:1\nEOF\n", "FROM a/b:1@D\nRUN <<EOF\nFROM a/b:1\nEOF\n")]
    public void An_own_Dockerfile_changes_after_FROM_alone(string written, string expected)
    {
        var pins = All([new Pinnable(PinKinds.Image, "a/b:1", null)]);
        Assert.Equal(expected.Replace("@D", "@" + Digest, StringComparison.Ordinal), pins.ApplyToDockerfile(written));
    }
}
