using Orrery.Catalogue.Dockerfiles;
using Orrery.Catalogue.Documents;
using Orrery.Contracts;
using Orrery.ServiceDefaults.Registries;

namespace Orrery.Tests.Catalogue.Dockerfiles;

/// <summary>What BuildKit's frontend makes of a file, and what we do.</summary>
public sealed class DockerfileParserTests
{
    [Fact]
    public void Directives_count_only_at_the_top()
    {
        var file = Read("# syntax=docker/dockerfile:1\n#escape = `\n# check=skip=all\n# a comment\n# syntax=other\nFROM a:1\nRUN x `\n  y\n");
        Assert.Equal([("syntax", "docker/dockerfile:1"), ("escape", "`"), ("check", "skip=all")], file.Directives.Select(directive => (directive.Name, directive.Value)));
        Assert.Equal("x   y", file.Stages[0].Instructions[0].Text.Value);
        Assert.Equal("x \\", Read("# a comment\n# escape=`\nFROM a:1\nRUN x \\ \\\\\n").Stages[0].Instructions[0].Text.Value[..3]);
    }

    [Theory]
    [InlineData("RUN echo hello\\\n  world\\\n  goodnight  \\\n  moon\\\n  light\\\nning", "echo hello  world  goodnight    moon  lightning")]
    [InlineData("RUN echo hi \\\n \\\n world \\\n\\\n good\\\n\\\nnight", "echo hi   world  goodnight")]
    [InlineData("RUN echo hello \\\n# this is a comment\n\n# another one\n\nmore", "echo hello more")]
    [InlineData("RUN echo hello  \\  \nworld", "echo hello  world")]
    [InlineData("RUN echo hello \\\\\nCMD x", "echo hello \\\\")]
    [InlineData("RUN echo hello \\", "echo hello")]
    [InlineData("run echo a \\\r\n  b\r\n", "echo a   b")]
    [InlineData("RUN apt-get \\update && \\\n  apt-get \\\"install znc -y", "apt-get \\update &&   apt-get \\\"install znc -y")]
    public void Lines_are_continued_as_BuildKit_does(string text, string expected) => Assert.Equal(expected, Instructions(text)[0].Text.Value);

    [Theory]
    [InlineData("CMD [\"a\", \"b c\", \"\\u0064\\n\"]", true, "a|b c|d\n")]
    [InlineData("CMD [ \"\\/usr\\\\\\\"/bin/znc\", \"-f\" ]", true, "/usr\\\"/bin/znc|-f")]
    [InlineData("CMD []", true, "")]
    [InlineData("CMD ['a', 'b']", false, "['a', 'b']")]
    [InlineData("CMD [\"a\"", false, "[\"a\"")]
    [InlineData("CMD [\"a\"] && b", false, "[\"a\"] && b")]
    [InlineData("CMD \"[]\"", false, "\"[]\"")]
    [InlineData("COPY [\"a b\", \"/c d/\"]", true, "a b|/c d/")]
    [InlineData("ADD a b /c", false, "a|b|/c")]
    [InlineData("VOLUME /a /b", false, "/a|/b")]
    [InlineData("VOLUME [\"/a\"]", true, "/a")]
    [InlineData("EXPOSE 80 443/tcp", false, "80|443/tcp")]
    [InlineData("USER app:group", false, "app:group")]
    [InlineData("STOPSIGNAL SIGTERM", false, "SIGTERM")]
    [InlineData("SHELL [\"/bin/bash\", \"-c\"]", true, "/bin/bash|-c")]
    [InlineData("HEALTHCHECK --interval=5s --timeout=3s --retries=3 \\\n  CMD /app/check.sh --quiet", false, "/app/check.sh --quiet")]
    [InlineData("HEALTHCHECK --start-period=0s --interval=1m30s CMD [\"foo\"]", true, "foo")]
    [InlineData("HEALTHCHECK NONE", false, "")]
    [InlineData("WORKDIR '/a b'", false, "/a b")]
    public void Exec_form_and_shell_form_are_told_apart(string text, bool isExec, string arguments)
    {
        var instruction = Instructions(text)[0];
        Assert.Equal(isExec, instruction.IsExecForm);
        Assert.Equal(arguments, string.Join('|', instruction.Arguments.Select(argument => argument.Value)));
    }

    [Theory]
    [InlineData("CMD ['a']", 1)]
    [InlineData("ENTRYPOINT [\"a\" \"b\"]", 1)]
    [InlineData("CMD [ \"a\", 'b' ]", 1)]
    [InlineData("COPY [a, b] c", 1)]
    [InlineData("RUN [ -f /x ] && y", 0)]
    [InlineData("RUN [ \"$A\" = b ] || exit 1", 0)]
    [InlineData("ENV a b c", 1)]
    [InlineData("MAINTAINER me", 1)]
    [InlineData("RUN a \\\n\n  b", 1)]
    public void What_is_hardly_meant_is_noted(string text, int notes) => Assert.Equal(notes, Read("FROM a:1\n" + text).Notes.Count);

    [Theory]
    [InlineData("ENV a=1 b='two words' c=three\\ words d=\"x\\\"y\"", "a=1|b=two words|c=three words|d=x\"y")]
    [InlineData("ENV name value and more", "name=value and more")]
    [InlineData("ENV name \"quoted\"", "name=quoted")]
    [InlineData("ENV a=1\nENV b=$a c=${a}2 d='$a' e=\\$a", "b=1|c=12|d=$a|e=$a")]
    [InlineData("ENV a=1 b=$a", "a=1|b=$a")]
    [InlineData("ARG a=1 b=$a\nENV c=${b}", "c=1")]
    [InlineData("ENV e=${none:-x} f=${none:+x} g=${none-y} h=${none}", "e=x|f=|g=y|h=${none}")]
    [InlineData("ENV a=\nENV b=${a:-x} c=${a-x} d=${a:+x} e=${a+x}", "b=x|c=|d=|e=x")]
    [InlineData("ENV a=x\nENV b=${a:-${c:-d}} c=${d:-${a}1}", "b=x|c=x1")]
    [InlineData("ENV f=app.tar.gz\nENV a=${f%.*} b=${f%%.*} c=${f#*.} d=${f##*.} e=${f/tar/zip} g=${f//a/o}", "a=app.tar|b=app|c=tar.gz|d=gz|e=app.zip.gz|g=opp.tor.gz")]
    [InlineData("ENV p=$TARGETARCH q=${TARGETARCH:-x}", "p=$TARGETARCH|q=${TARGETARCH:-x}")]
    [InlineData("LABEL a.b=\"c d\" 'e f'=g", "a.b=c d|e f=g")]
    [InlineData("ENV \\\n  # first\n  a=1 \\\n  # second\n  b=2", "a=1|b=2")]
    public void Pairs_are_read_with_their_quotes_and_variables(string text, string expected) =>
        Assert.Equal(expected, string.Join('|', Instructions(text)[^1].Pairs.Select(pair => $"{pair.Name}={pair.Value}")));

    [Theory]
    [InlineData("ARG T=1.2\nFROM r.io:5000/a/b:${T} AS Build", "r.io:5000", "a/b", "1.2", "build")]
    [InlineData("ARG T\nFROM alpine:${T:-3.20}", null, "alpine", "3.20", null)]
    [InlineData("FROM --platform=$BUILDPLATFORM localhost/x_y__z-w as x", "localhost", "x_y__z-w", null, "x")]
    [InlineData("FROM team/image:a", null, "team/image", "a", null)]
    [InlineData("FROM localhost:5000", null, "localhost", "5000", null)]
    [InlineData("ARG A=b\nFROM \"$A\"", null, "b", null, null)]
    public void FROM_names_an_image(string text, string? registry, string repository, string? tag, string? name)
    {
        var stage = Assert.Single(Read(text).Stages);
        Assert.Equal((registry, repository, tag, null), (stage.Image!.Registry, stage.Image.Repository, stage.Image.Tag, stage.Image.Digest));
        Assert.Equal(name, stage.Name);
    }

    [Fact]
    public void An_argument_without_a_default_leaves_the_image_open()
    {
        var stage = Assert.Single(Read("ARG BASE\nFROM ${BASE}\n").Stages);
        Assert.Equal((null, false, "${BASE}"), (stage.Image, stage.Base.IsResolved, stage.Base.Value));
    }

    [Fact]
    public void A_digest_is_read_and_kept()
    {
        var digest = "sha256:" + new string('a', 64);
        var image = Read($"FROM a/b:1@{digest}").Stages[0].Image!;
        Assert.Equal(new ImageReference(null, "a/b", "1", digest), image);
        Assert.Equal($"a/b:1@{digest}", image.ToString());
    }

    [Fact]
    public void Stages_know_what_they_continue_and_arguments_their_scope()
    {
        var file = Read("ARG V=1\nFROM a:$V AS base\nENV X=1\nARG V\nRUN y\nFROM base AS end\nENV Y=${X}2 Z=${V}\nCOPY --from=base /a /b\nCOPY --from=0 /a /b\nFROM scratch\n");
        Assert.Equal(3, file.Stages.Count);
        Assert.Equal("base", file.Stages[1].Parent!.Name);
        Assert.Equal("RUN", file.Stages[1].Parent!.Instructions[^1].Name);
        Assert.Equal([("X", "1"), ("Y", "12"), ("Z", "${V}")], file.Stages[1].Environment.Select(pair => (pair.Key, pair.Value)));
        Assert.True(file.Stages[2].IsFromScratch);
    }

    [Theory]
    [InlineData("RUN <<EMPTY\nEMPTY", "EMPTY|True|")]
    [InlineData("RUN 3<<E\nE", "E|True|")]
    [InlineData("RUN <<INDENT\n\tfoo\nINDENT", "INDENT|True|\tfoo\n")]
    [InlineData("RUN <<-U\n\tbaz\n\t\tq\n\tU", "U|True|baz\nq\n")]
    [InlineData("RUN <<-'NO'\n\tdon't $X\nNO", "NO|False|don't $X\n")]
    [InlineData("RUN <<C\n# comment\nFROM x\n\nC", "C|True|# comment\nFROM x\n\n")]
    [InlineData("RUN --mount=type=cache,target=/foo <<M\necho\nM", "M|True|echo\n")]
    [InlineData("COPY <<A <<B /dest\n1\nA\n2\nB", "A|True|1\n;B|True|2\n")]
    [InlineData("COPY <<X <<Y /dest\nY\nX\nX\nY", "X|True|Y\n;Y|True|X\n")]
    [InlineData("RUN <<eo'f'\na\neof", "eof|False|a\n")]
    [InlineData("RUN <<eo\\'f\na\neo'f", "eo'f|True|a\n")]
    [InlineData("RUN <<'one two'\na\none two", "one two|False|a\n")]
    [InlineData("RUN <<$EOF\n$EOF", "$EOF|True|")]
    [InlineData("RUN <<  EOF  > foo\nEOF", "EOF|True|")]
    [InlineData("RUN cat <<A && cat <<\"B\" \\\n  | sh\n1\nA\n2\nB", "A|True|1\n;B|False|2\n")]
    [InlineData("RUN \"<<NOHEREDOC\"", "")]
    [InlineData("RUN cat <<<\"here\"", "")]
    [InlineData("RUN echo $((1<<2))", "")]
    [InlineData("RUN [\"<<EOF\"]", "")]
    [InlineData("RUN echo <<A\r\nx\r\nA\r\n", "A|True|x\r\n")]
    public void Heredocs_are_read_as_BuildKit_does(string text, string expected)
    {
        var instructions = Instructions(text + "\nUSER end");
        Assert.Equal(expected, string.Join(';', instructions[0].Heredocs.Select(heredoc => $"{heredoc.Name}|{heredoc.Expands}|{heredoc.Content}")));
        Assert.Equal("USER", instructions[^1].Name);
        Assert.Equal(2, instructions.Count);
    }

    [Fact]
    public void A_trigger_is_read_with_its_heredoc()
    {
        var trigger = Instructions("ONBUILD RUN <<E\nx\nE\n")[0].Trigger!;
        Assert.Equal(("RUN", "x\n"), (trigger.Name, trigger.Heredocs[0].Content));
    }

    [Fact]
    public void Places_are_those_of_the_file()
    {
        var file = Read("\uFEFFFROM a:1\n  COPY --chown=a \\\n   # comment\n   😀x \\\n      /y /z\n");
        var copy = file.Stages[0].Instructions[0];
        Assert.Equal(new Position(2, 3), copy.At);
        Assert.Equal(new Position(2, 8), copy.Flags[0].At);
        Assert.Equal([new Position(4, 4), new Position(5, 7), new Position(5, 10)], copy.Arguments.Select(argument => argument.At));
        Assert.Equal(new Position(1, 6), file.Stages[0].Base.At);
        Assert.Equal(new Position(2, 7), Instructions("RUN [ \"a\",\\\n  \"b\"]", out _)[0].Arguments[0].At);
    }

    [Theory]
    [InlineData("", 1, 1, "", null, "a FROM instruction", "FROM names the image that this one begins with, or scratch.")]
    [InlineData("ARG a\n# x\n", 2, 1, "", null, "a FROM instruction", "FROM names the image that this one begins with, or scratch.")]
    [InlineData("RUN x\nCMD y\nFROM a:1", 1, 1, "RUN", null, "a FROM before it", "Only ARG, comments and directives may stand before the first FROM.")]
    [InlineData("FROM a:1\nCOPPY a b", 2, 1, "", "COPPY", "an instruction: ADD, ARG, CMD, COPY, ENTRYPOINT, ENV, EXPOSE, FROM, HEALTHCHECK, LABEL, MAINTAINER, ONBUILD, RUN, SHELL, STOPSIGNAL, USER, VOLUME, WORKDIR", "Did you mean 'COPY'?")]
    [InlineData("FROM a:1\nRUN", 2, 4, "RUN", null, "a command", null)]
    [InlineData("FROM a:1\nCMD # no", 0, 0, "", null, "", null)]
    [InlineData("FROM a:1\nEXPOSE 80 http 70000", 2, 11, "EXPOSE", "http", "a port from 0 to 65535, or a range such as 8000-8010, alone or with /tcp, /udp or /sctp", null)]
    [InlineData("FROM a:1\nCOPY --fron=x a b", 2, 6, "COPY", "--fron", "a flag of COPY: --chmod, --chown, --exclude, --from, --link, --parents", "Did you mean 'from'?")]
    [InlineData("FROM a:1\nCOPY --link=maybe a b", 2, 6, "COPY", "--link=maybe", "--link, --link=true or --link=false", null)]
    [InlineData("FROM a:1\nCOPY --chown a b", 2, 6, "COPY", "--chown", "a value: --chown=…", null)]
    [InlineData("FROM a:1\nCOPY --chmod=1 --chmod=2 a b", 2, 16, "COPY", "--chmod", "each flag once", "Keep one of the two.")]
    [InlineData("FROM a:1\nUSER --x a", 2, 6, "USER", "--x", "no flags: USER has none", null)]
    [InlineData("FROM a:1\nCOPY a", 2, 6, "COPY", "a", "sources and a destination", "The last word is where the others go to.")]
    [InlineData("FROM a:1\nCOPY a <<E\nE", 2, 8, "COPY", "<<E", "a path as the destination", "A heredoc can only be a source.")]
    [InlineData("FROM a:1\nCOPY --from=$X a b", 2, 6, "COPY", "--from=$X", "the name of a stage or an image, without variables", "Name a stage with FROM ${…} AS name, and copy from that.")]
    [InlineData("FROM a:1\nCOPY --from=0 a b", 2, 6, "COPY", "--from=0", "the number of an earlier stage; there is none", null)]
    [InlineData("FROM a:1 AS b\nCOPY --from=b a b", 2, 6, "COPY", "--from=b", "another stage than the one it stands in", null)]
    [InlineData("FROM a:1\nRUN a <<EOF\nb\n EOF\n", 2, 7, "RUN", "<<EOF", "a line that is EOF and nothing else, before the file ends", "Nothing may stand before it either; with <<-EOF tabs may.")]
    [InlineData("FROM a:1\nENV a=\"b", 2, 7, "ENV", null, "a closing \"", null)]
    [InlineData("FROM a:1\nENV x=1 \\\n  y='b", 3, 5, "ENV", null, "a closing '", null)]
    [InlineData("FROM a:1\nWORKDIR ${a", 2, 9, "WORKDIR", null, "a '}' that closes ${", null)]
    [InlineData("FROM a:1\nWORKDIR ${}", 2, 9, "WORKDIR", null, "a variable's name after ${", null)]
    [InlineData("FROM a:1\nWORKDIR x${a:=b}", 2, 10, "WORKDIR", null, "one of :- - :+ + :? ? # % / after the name in ${…}", null)]
    [InlineData("FROM a:1\nENV a=\nWORKDIR /${a:?b}", 3, 10, "WORKDIR", null, "a value for a that is not empty", null)]
    [InlineData("FROM a:1\nENV a", 2, 5, "ENV", "a", "name=value", "A name needs a value; an empty one is written name=\"\".")]
    [InlineData("FROM a:1\nENV a=b c", 2, 9, "ENV", null, "name=value", "Put quotes around a value that has blanks.")]
    [InlineData("FROM a:1\nLABEL =c", 2, 7, "LABEL", null, "a name before the '='", null)]
    [InlineData("FROM a:1\nCMD [\"a\", 1]", 2, 5, "CMD", "[\"a\", 1]", "a JSON array of texts, such as [\"/app\", \"--port\", \"8000\"]", "Put every member into double quotes.")]
    [InlineData("FROM a:1\nSHELL bash -c", 2, 7, "SHELL", "bash -c", "a JSON array such as [\"/bin/bash\", \"-c\"]", null)]
    [InlineData("FROM a:1\nHEALTHCHECK curl x", 2, 1, "HEALTHCHECK", "CURL", "CMD and a command, or NONE", "Write CMD before the command.")]
    [InlineData("FROM a:1\nHEALTHCHECK CMD", 2, 16, "HEALTHCHECK", null, "a command after CMD", null)]
    [InlineData("FROM a:1\nHEALTHCHECK --interval=5 CMD x", 2, 13, "HEALTHCHECK", "--interval=5", "a duration such as 500ms, 30s or 1m30s", null)]
    [InlineData("FROM a:1\nHEALTHCHECK --retries=-1 CMD x", 2, 13, "HEALTHCHECK", "--retries=-1", "a whole number", null)]
    [InlineData("FROM a:1\nSTOPSIGNAL SIGTREM", 2, 12, "STOPSIGNAL", "SIGTREM", "a signal such as SIGTERM, or its number", "Did you mean 'SIGTERM'?")]
    [InlineData("FROM a:1\nONBUILD FROM x", 2, 9, "ONBUILD", "FROM", "an instruction other than ONBUILD, FROM and MAINTAINER", null)]
    [InlineData("FROM a:1\nRUN --mount=type=cach,target=/x y", 2, 5, "RUN", "--mount=type=cach,target=/x", "a type of mount: bind, cache, tmpfs, secret, ssh", "Did you mean 'cache'?")]
    [InlineData("FROM a:1\nRUN --network=off y", 2, 5, "RUN", "--network=off", "one of default, none, host", null)]
    [InlineData("FROM a:1 b", 1, 10, "FROM", "a:1 b", "an image alone, or image AS name", null)]
    [InlineData("FROM a:1 AS 1b", 1, 13, "FROM", "1b", "a stage's name: a letter, then letters, digits, '-', '_' and '.'", null)]
    [InlineData("ARG VERSION=1\nFROM a:$VERSOIN", 2, 6, "FROM", "VERSOIN", "a variable that an ARG before the first FROM declares", "Did you mean 'VERSION'?")]
    [InlineData("FROM a:1\n# escape=x", 0, 0, "", null, "", null)]
    [InlineData("# escape=x\nFROM a:1", 1, 1, "#escape", "x", "\\ or `", null)]
    [InlineData("# syntax=a\n# syntax=b\nFROM a:1", 2, 1, "#syntax", "b", "each directive once", "Keep one of the two.")]
    public void Each_fault_is_told_with_its_place(string text, int line, int column, string path, string? value, string expectation, string? remedy)
    {
        var errors = new FieldErrorList();
        Dockerfile.Parse(text, errors);
        if (line == 0)
        {
            Assert.Empty(errors.All);
            return;
        }

        Assert.Contains(new FieldError(path, value, expectation, remedy, line, column, 0), errors.All);
    }

    [Theory]
    [InlineData("Alpine")]
    [InlineData("a/-b")]
    [InlineData("a//b")]
    [InlineData("a:-1")]
    [InlineData("a@sha256:12")]
    [InlineData("a..b")]
    [InlineData("http://x/y")]
    [InlineData("a___b")]
    [InlineData("a:")]
    [InlineData("/a")]
    public void What_is_no_image_is_refused(string image)
    {
        Assert.Null(ImageReference.Parse(image));
        var errors = new FieldErrorList();
        Dockerfile.Parse("FROM " + image, errors);
        var error = Assert.Single(errors.All);
        Assert.Equal(("FROM", image, ImageReference.Expectation), (error.Path, error.Value, error.Expectation));
    }

    [Fact]
    public void All_faults_are_told_at_once()
    {
        var errors = new FieldErrorList();
        Dockerfile.Parse("FRM x\nFROM Y\nEXPOSE a b\nUSER\nCOPY --x a\nENV ='\n", errors);
        Assert.Equal([1, 2, 3, 3, 4, 5, 5, 6], errors.All.Select(error => error.Line));
    }

    [Fact]
    public void More_than_256_KB_are_not_read()
    {
        var errors = new FieldErrorList();
        Assert.Empty(Dockerfile.Parse("FROM a:1\n#" + new string('ä', 128 * 1024), errors).Stages);
        Assert.Equal("at most 256 KB of text", Assert.Single(errors.All).Expectation);
    }

    private static Dockerfile Read(string text)
    {
        var errors = new FieldErrorList();
        var file = Dockerfile.Parse(text, errors);
        Assert.Empty(errors.All);
        return file;
    }

    private static IReadOnlyList<Instruction> Instructions(string text) => Instructions(text, out _);

    private static IReadOnlyList<Instruction> Instructions(string text, out Dockerfile file)
    {
        file = Read("FROM a:1\n" + text);
        return file.Stages[0].Instructions;
    }
}
