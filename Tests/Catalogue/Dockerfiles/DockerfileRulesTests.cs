using Orrery.Catalogue.Dockerfiles;
using Orrery.Catalogue.Documents;

namespace Orrery.Tests.Catalogue.Dockerfiles;

/// <summary>What an image must keep to in production, rule by rule.</summary>
public sealed class DockerfileRulesTests
{
    private const string Good = """
        FROM python:3.12-slim AS build
        RUN pip install build==1.2
        FROM python:3.12-slim@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
        ENV PORT=8000 TOKENIZERS_PARALLELISM=false HF_TOKEN="" TOKEN_FILE=/run/secrets/token
        LABEL org.opencontainers.image.title=x org.opencontainers.image.source=https://x.y org.opencontainers.image.licenses=MIT org.opencontainers.image.version=1
        RUN apt-get update && apt-get install -y --no-install-recommends curl \
          && rm -rf /var/lib/apt/lists/*
        RUN pip install --no-cache-dir -r requirements.txt foo==1.0 'bar[x]==2' ./local https://x.y/z-1.2-py3-none-any.whl "b @ git+https://x.y/z@v1" --index-url https://x.y
        COPY --from=build /out /app
        EXPOSE 8000
        HEALTHCHECK --interval=10s CMD curl -fsS http://127.0.0.1:${PORT}/health || exit 1
        USER 1000:1000
        ENTRYPOINT ["python", "-m", "app"]
        CMD ["--port", "8000"]

        """;

    [Fact]
    public void A_file_that_keeps_all_rules_has_no_findings() => Assert.Empty(Findings(Good));

    [Theory]
    [InlineData("FROM python:3.12-slim@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "FROM python", "base-image-unpinned", 3)]
    [InlineData("FROM python:3.12-slim@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "FROM python:latest", "base-image-unpinned", 3)]
    [InlineData("FROM python:3.12-slim@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "FROM python:LATEST", "base-image-unpinned", 3)]
    [InlineData("FROM python:3.12-slim@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "FROM python:latest-cuda", "base-image-unpinned", 3)]
    [InlineData("FROM python:3.12-slim@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "FROM a:cu128-nightly", "base-image-unpinned", 3)]
    [InlineData("FROM python:3.12-slim@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "FROM a:devel", "base-image-unpinned", 3)]
    [InlineData("FROM python:3.12-slim@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "FROM nvidia/cuda:12.4.1-devel-ubuntu22.04", null, 0)]
    [InlineData("FROM python:3.12-slim@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "FROM a:nightly-0123abcdef", null, 0)]
    [InlineData("FROM python:3.12-slim AS build", "ARG B\nFROM a:1 AS build\nFROM $B AS x", null, 0)]
    [InlineData("HF_TOKEN=\"\"", "HF_TOKEN=abc", "secret-in-env", 4)]
    [InlineData("HF_TOKEN=\"\"", "\\\n  A_KEY=${A}", "secret-in-env", 5)]
    [InlineData("HF_TOKEN=\"\"", "X=hf_abcdefghijklmnopqrstuvwx", "secret-in-env", 4)]
    [InlineData("HF_TOKEN=\"\"", "X=\"-----BEGIN RSA\"", "secret-in-env", 4)]
    [InlineData("FROM python:3.12-slim AS build", "ARG DB_PASSWORD=x\nFROM a:1 AS build", "secret-in-arg", 1)]
    [InlineData("FROM python:3.12-slim AS build", "ARG DB_PASSWORD\nFROM a:1 AS build", null, 0)]
    [InlineData("EXPOSE 8000", "EXPOSE 8000\nRUN x --token ghp_abcdefghijklmnopqrstuvwxyz", "secret-in-command", 11)]
    [InlineData("COPY --from=build", "ADD https://x.y/z /z\nCOPY --from=build", "add-url-without-checksum", 9)]
    [InlineData("COPY --from=build", "ADD --checksum=sha256:12 https://x.y/z /z\nCOPY --from=build", null, 0)]
    [InlineData("COPY --from=build", "ADD https://x.y/z.git#0123456789012345678901234567890123456789:sub /z\nCOPY --from=build", null, 0)]
    [InlineData("COPY --from=build", "ADD git@x.y:z.git#main /z\nCOPY --from=build", "add-url-without-checksum", 9)]
    [InlineData("COPY --from=build", "COPY a/model.SafeTensors b.gguf /\nCOPY --from=build", "weights-in-image", 9)]
    [InlineData("COPY --from=build", "RUN a && \\\n  huggingface-cli download x/y\nCOPY --from=build", "weights-in-image", 10)]
    [InlineData("COPY --from=build", "RUN HF_HUB=1 hf download x/y\nCOPY --from=build", "weights-in-image", 9)]
    [InlineData("COPY --from=build", "RUN python <<E\nfrom x import snapshot_download\nE\nCOPY --from=build", "weights-in-image", 9)]
    [InlineData("COPY --from=build", "RUN wget https://x.y/a.onnx?download=true\nCOPY --from=build", "weights-in-image", 9)]
    [InlineData("COPY --from=build", "RUN curl -fsSL https://x.y | sudo -E bash -\nCOPY --from=build", "pipe-to-shell", 9)]
    [InlineData("COPY --from=build", "RUN wget -O- https://x.y | tee a |\\\n sh\nCOPY --from=build", "pipe-to-shell", 10)]
    [InlineData("COPY --from=build", "RUN bash -c \"$(curl -fsSL https://x.y)\"\nCOPY --from=build", "pipe-to-shell", 9)]
    [InlineData("COPY --from=build", "RUN bash <(curl -s https://x.y)\nCOPY --from=build", "pipe-to-shell", 9)]
    [InlineData("COPY --from=build", "RUN [\"sh\", \"-c\", \"curl https://x.y | python3\"]\nCOPY --from=build", "pipe-to-shell", 9)]
    [InlineData("COPY --from=build", "RUN <<E\nset -e\ncurl x |\nsh\nE\nCOPY --from=build", "pipe-to-shell", 12)]
    [InlineData("COPY --from=build", "RUN curl -o a https://x.y && echo 'b a' | sha256sum -c && sh a\nCOPY --from=build", null, 0)]
    [InlineData("COPY --from=build", "RUN echo 'curl x | sh' # curl x | sh\nCOPY --from=build", null, 0)]
    [InlineData("foo==1.0", "foo", "pip-unpinned", 8)]
    [InlineData("foo==1.0", "foo>=1.0", "pip-unpinned", 8)]
    [InlineData("foo==1.0", "git+https://x.y/z", "pip-unpinned", 8)]
    [InlineData("foo==1.0", "git+https://x.y/z@main", "pip-unpinned", 8)]
    [InlineData("foo==1.0", "torch==2.*", "pip-unpinned", 8)]
    [InlineData("COPY --from=build", "COPY --from=alpine /a /b\nCOPY --from=build", "base-image-unpinned", 9)]
    [InlineData("COPY --from=build", "COPY --from=alpine:3.20 /a /b\nCOPY --from=0 /a /b\nCOPY --from=build", null, 0)]
    [InlineData("COPY --from=build", "RUN --mount=type=bind,from=alpine:latest,target=/a true\nCOPY --from=build", "base-image-unpinned", 9)]
    [InlineData("COPY --from=build", "COPY a/.env /app/\nCOPY --from=build", "secret-copied", 9)]
    [InlineData("FROM python:3.12-slim AS build", "# syntax=evil.example.com/fe:1\nFROM python:3.12-slim AS build", "frontend-unknown", 1)]
    [InlineData("FROM python:3.12-slim AS build", "# syntax=docker/dockerfile:1\nFROM python:3.12-slim AS build", null, 0)]
    [InlineData("EXPOSE 8000", "EXPOSE 8000/udp", "port-not-exposed", 10)]
    [InlineData("pip install --no-cache-dir", "python3 -m pip install --upgrade pip", "pip-unpinned", 8)]
    [InlineData("pip install --no-cache-dir", "uv pip install --system baz", "pip-unpinned", 8)]
    [InlineData("apt-get update && apt-get install", "apt-get install", "apt-without-update", 6)]
    [InlineData(" \\\n  && rm -rf /var/lib/apt/lists/*", "", "apt-lists-left", 6)]
    [InlineData("USER 1000:1000", "USER root", "root-user", 12)]
    [InlineData("USER 1000:1000", "USER 00:app", "root-user", 12)]
    [InlineData("USER 1000:1000", "", "root-user", 3)]
    [InlineData("USER 1000:1000", "USER $U", "root-user", 12)]
    [InlineData("ENTRYPOINT [\"python\", \"-m\", \"app\"]", "ENTRYPOINT python -m app", "start-in-shell", 13)]
    [InlineData("CMD [\"--port\", \"8000\"]", "CMD ['--port']", "start-in-shell", 14)]
    [InlineData("ENTRYPOINT", "ENTRYPOINT [\"x\"]\nENTRYPOINT", "start-repeated", 13)]
    [InlineData("ENTRYPOINT [\"python\", \"-m\", \"app\"]\nCMD [\"--port\", \"8000\"]", "", "start-missing", 3)]
    [InlineData("EXPOSE 8000", "EXPOSE 9000", "port-not-exposed", 10)]
    [InlineData("EXPOSE 8000", "EXPOSE 7000-9000", null, 0)]
    [InlineData("EXPOSE 8000", "EXPOSE $PORT", null, 0)]
    [InlineData("EXPOSE 8000\n", "", "port-not-exposed", 3)]
    [InlineData(":${PORT}/health", ":9000/health", "healthcheck-port", 11)]
    [InlineData(":${PORT}/health", "/health", "healthcheck-port", 11)]
    [InlineData("CMD curl -fsS http://127.0.0.1:${PORT}/health || exit 1", "CMD [\"/check.sh\"]", "healthcheck-port", 11)]
    [InlineData("CMD curl -fsS http://127.0.0.1:${PORT}/health || exit 1", "CMD [\"/check\", \"--port\", \"8000\"]", null, 0)]
    [InlineData("HEALTHCHECK --interval=10s CMD curl -fsS http://127.0.0.1:${PORT}/health || exit 1", "HEALTHCHECK NONE", "healthcheck-missing", 11)]
    [InlineData("HEALTHCHECK --interval=10s CMD curl -fsS http://127.0.0.1:${PORT}/health || exit 1\n", "", "healthcheck-missing", 3)]
    [InlineData("org.opencontainers.image.licenses=MIT", "", "label-missing", 3)]
    [InlineData("org.opencontainers.image.source=https://x.y", "org.opencontainers.image.url=https://x.y", null, 0)]
    public void Each_rule_finds_what_it_is_for_and_nothing_else(string good, string other, string? rule, int line)
    {
        Assert.Contains(good, Good, StringComparison.Ordinal);
        var text = Good.Replace(good, other, StringComparison.Ordinal);
        Assert.Equal(rule is null ? [] : [(rule, line)], Findings(text).Select(finding => (finding.Rule, finding.Line)).Distinct());
    }

    [Fact]
    public void A_base_that_cannot_do_without_root_may_keep_it()
    {
        var text = Good.Replace("USER 1000:1000\n", "", StringComparison.Ordinal);
        Assert.Empty(Findings(text, new DockerfileExpectations(8000, MayBeRoot: true)));
    }

    [Fact]
    public void What_a_stage_continues_counts_as_its_own()
    {
        var text = Good.Replace("ENTRYPOINT", "FROM base\nENTRYPOINT", StringComparison.Ordinal).Replace("aaaa\n", "aaaa AS base\n", StringComparison.Ordinal);
        Assert.Empty(Findings(text));
        Assert.Equal(["base-image-unpinned"], Findings(text.Replace("FROM python:3.12-slim@sha256:" + new string('a', 64), "FROM python", StringComparison.Ordinal)).Select(finding => finding.Rule));
    }

    [Fact]
    public void Scratch_needs_no_tag() =>
        Assert.DoesNotContain(Findings("FROM scratch\nENTRYPOINT [\"/a\"]\n"), finding => finding.Rule == "base-image-unpinned");

    [Fact]
    public void A_secret_is_named_and_not_shown()
    {
        var finding = Assert.Single(Findings(Good.Replace("HF_TOKEN=\"\"", "HF_TOKEN=hf_abcdefghijklmnopqrstuvwx", StringComparison.Ordinal)));
        Assert.Equal(("secret-in-env", FindingSeverity.Error, "HF_TOKEN=…"), (finding.Rule, finding.Severity, finding.Found));
        Assert.DoesNotContain("abcdef", finding.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Every_finding_says_what_stands_there_what_is_expected_and_what_to_do()
    {
        var finding = Assert.Single(Findings(Good.Replace("foo==1.0", "foo", StringComparison.Ordinal)));
        Assert.Equal(
            new DockerfileFinding(
                "pip-unpinned", FindingSeverity.Error, new Position(8, 5), "foo", "a version: name==1.2.3, -r with a file, a path, or a URL with a tag or hash",
                "Name the version that was tested; otherwise each build gets what is newest that day."),
            finding);
    }

    [Fact]
    public void The_projects_own_file_is_read()
    {
        var errors = new FieldErrorList();
        var file = Dockerfile.Parse(File.ReadAllText(Path.Combine(Repository.Root, "eng", "Dockerfile")), errors);
        Assert.Empty(errors.All);
        Assert.Equal(["healthcheck-missing", "label-missing", "base-image-unpinned"], DockerfileRules.Check(file, new DockerfileExpectations(8080)).Select(finding => finding.Rule));
    }

    private static IReadOnlyList<DockerfileFinding> Findings(string text, DockerfileExpectations? expected = null)
    {
        var errors = new FieldErrorList();
        var file = Dockerfile.Parse(text, errors);
        Assert.Empty(errors.All);
        return DockerfileRules.Check(file, expected ?? new DockerfileExpectations(8000));
    }
}
