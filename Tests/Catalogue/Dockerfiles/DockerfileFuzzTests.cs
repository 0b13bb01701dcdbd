using System.Diagnostics;
using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Orrery.Catalogue.Dockerfiles;
using Orrery.Catalogue.Documents;

namespace Orrery.Tests.Catalogue.Dockerfiles;

/// <summary>Whatever is written: a file and its faults, soon.</summary>
public sealed class DockerfileFuzzTests
{
    private static readonly string[] Pieces =
    [
        "FROM a:1\n", "RUN ", "COPY ", "ENV ", "ARG ", "LABEL ", "EXPOSE ", "HEALTHCHECK ", "CMD ", "ONBUILD ", "ADD ", "SHELL ", "--from=", "--mount=", "[\"", "\"]", "\\\n", "`\n", "\n", "\r\n",
        "<<EOF", "<<-'E'", "EOF\n", "${", "$", "}", ":-", "%%", "//", "'", "\"", "\\", "=", "#", " ", "\t", "# escape=`\n", "😀", "\ud800", "\0", "a", "80", "sh -c '", "curl x | sh", "pip install -r ",
        "apt-get update && ", "$(", "`", "(", ")", ";", "&&", "\uFEFF",
    ];

    private const string Good = """
        # syntax=docker/dockerfile:1
        ARG BASE=python:3.12-slim
        FROM ${BASE} AS build
        ENV A=1 B="two ${A:-x}" C='three'
        RUN --mount=type=cache,target=/var/cache/pip <<EOF
        pip install foo==1.0 \
          bar
        EOF
        COPY --from=build --chown=1:1 ["a b", "/c"]
        HEALTHCHECK --interval=10s CMD curl -f http://localhost:${PORT:-8000}/health || exit 1
        EXPOSE 8000-8010/tcp 53/udp
        LABEL org.opencontainers.image.title="x" \
          # a comment
          org.opencontainers.image.version=${A%.*}
        ONBUILD RUN sh -c "$(curl -fsSL https://x.y/z)"
        USER 1000:1000
        ENTRYPOINT ["a", "\u0062"]

        """;

    [Fact]
    public void Any_pieces_of_the_language() => Check.One(
        Config.QuickThrowOnFailure.WithMaxTest(3_000), Prop.ForAll(Gen.Elements(Pieces).ListOf().Select(string.Concat).ToArbitrary(), Reads));

    [Fact]
    public void A_good_file_with_changes() => Check.One(
        Config.QuickThrowOnFailure.WithMaxTest(3_000), Prop.ForAll(ArbMap.Default.ArbFor<int>(), seed => Reads(Changed(new Random(seed)))));

    public static TheoryData<string, string> Greedy => new()
    {
        { "nested variables", "FROM a:1\nENV a=" + string.Concat(Enumerable.Repeat("${a:-", 50_000)) },
        { "growing variables", "FROM a:1\n" + string.Concat(Enumerable.Repeat("ENV A=x$A$A$A$A\n", 15_000)) },
        { "many stages", string.Concat(Enumerable.Repeat("FROM a:1 AS b\nENV a=1\n", 11_000)) },
        { "stages that grow", "FROM a:1 AS b\nENV " + string.Concat(Enumerable.Range(0, 20_000).Select(i => $"a{i}= ")) + "\n" + string.Concat(Enumerable.Repeat("FROM b\n", 5_000)) },
        { "unknown instructions", string.Concat(Enumerable.Repeat("a\n", 128_000)) },
        { "heredocs", "FROM a:1\nRUN " + string.Concat(Enumerable.Repeat("<<A ", 60_000)) },
        { "patterns", "FROM a:1\nENV a=" + new string('a', 100_000) + "\nENV b=${a%%*a*a*a*a*a*a*b} c=${a//" + string.Concat(Enumerable.Repeat("*a", 20_000)) + "/x}" },
        { "words", "FROM a:1\nCOPY 😀" + string.Concat(Enumerable.Repeat("a ", 120_000)) },
        { "members", "FROM a:1\nRUN [" + string.Concat(Enumerable.Repeat("\"😀\",", 30_000)) + "\"\"]" },
        { "brackets", "FROM a:1\nRUN " + new string('[', 250_000) },
        { "continuations", "FROM a:1\nRUN a" + string.Concat(Enumerable.Repeat(" \\\nb", 60_000)) },
        { "substitutions", "FROM a:1\nRUN " + string.Concat(Enumerable.Repeat("$(", 120_000)) },
        { "shells", "FROM a:1\nRUN " + string.Concat(Enumerable.Repeat("sh -c '", 30_000)) },
        { "commands", "FROM a:1\nRUN <<E\n" + string.Concat(Enumerable.Repeat("a\n", 100_000)) + "E\n" },
        { "addresses", "FROM a:1\nEXPOSE 80\nHEALTHCHECK CMD " + string.Concat(Enumerable.Repeat("http:// 1 ", 20_000)) },
    };

    [Theory]
    [MemberData(nameof(Greedy))]
    public void What_asks_for_much_ends_soon(string name, string text)
    {
        Assert.True(text.Length <= Dockerfile.MaxBytes, name);
        var watch = Stopwatch.StartNew();
        Assert.True(Reads(text));
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(10), $"{name}: {watch.Elapsed}");
    }

    private static bool Reads(string text)
    {
        var errors = new FieldErrorList();
        var file = Dockerfile.Parse(text, errors);
        var findings = DockerfileRules.Check(file, new DockerfileExpectations(Port: 8000));
        var lines = text.Count(sign => sign == '\n') + 1;
        return errors.All.Count <= DocumentLimits.MaxErrors && file.Notes.Count <= DocumentLimits.MaxErrors
            && errors.All.All(error => error.Line >= 1 && error.Line <= lines && error.Column >= 1 && error.Value is not { Length: > 80 })
            && findings.All(finding => finding.Line >= 1 && finding.Line <= lines && finding.Found is not { Length: > 80 });
    }

    private static string Changed(Random random)
    {
        var text = new StringBuilder(Good);
        for (var changes = random.Next(1, 8); changes > 0; changes--)
        {
            var at = random.Next(text.Length);
            switch (random.Next(3))
            {
                case 0:
                    text.Remove(at, Math.Min(random.Next(1, 10), text.Length - at));
                    break;
                case 1:
                    text.Insert(at, Pieces[random.Next(Pieces.Length)]);
                    break;
                default:
                    text[at] = (char)random.Next(0, 0x250);
                    break;
            }
        }

        return text.ToString();
    }
}
