using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Orrery.Catalogue.Pins;
using Orrery.Catalogue.Servers;
using Orrery.Contracts;

namespace Orrery.Catalogue.Dockerfiles;

/// <summary>Writes an entry's Dockerfile: the server's image with the entry's settings. No weights: a volume holds them.</summary>
/// <remarks>
/// The server starts through one line of Python that looks whether the volume says that the weights of this revision are whole
/// (<c>$HF_HOME/.complete/NAME</c>, which is written by what fills the volume); then nothing is asked of the hub. The build context of a
/// server of our own holds its program as <c>server/</c>; other images need no context.
/// </remarks>
internal static class DockerfileRenderer
{
    private const string Home = "/home/orrery";
    private const string Cache = "/models";

    private const string Start =
        "import os,sys; os.path.exists(os.path.join(os.environ['HF_HOME'],'.complete',sys.argv[1])) and os.environ.setdefault('HF_HUB_OFFLINE','1'); os.execvp(sys.argv[2],sys.argv[2:])";

    private static readonly JsonSerializerOptions AsWritten = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The entry's own where it brings one.</summary>
    /// <param name="pins">What is kept of that which the entry does not pin itself; <c>null</c>: nothing.</param>
    public static string Render(ModelSpec model, ServerTable table, StartOptions options, PinSet? pins = null)
    {
        pins ??= PinSet.Empty;
        if (model.Dockerfile is { } own)
        {
            return pins.ApplyToDockerfile(own);
        }

        model = pins.Apply(model);
        var (image, digest) = BaseOf(model, table);
        var file = new StringBuilder();

        // Words of ours come first: `# name=…` on the first line would be a directive to the builder.
        file.Append($"# The catalogue's entry '{OneLine(model.Id)}': {OneLine(model.Name ?? model.Id)}, served by {table.Server} {table.Version}.\n");
        file.Append($"# Weights are not in the image: mount a volume at {Cache}.\n");
        file.Append($"FROM {pins.Apply(image, digest)}\n\n");
        file.Append(Labels(model, table));
        file.Append(Installation(model, table));
        file.Append(User());
        file.Append(Environment(model, table));
        file.Append(Launch(model, table, options));
        return file.ToString();
    }

    /// <summary>What <c>.complete/</c> calls the weights of this revision.</summary>
    public static string CompleteName(ModelSpec model) => $"{(model.Repo ?? model.Id).Replace("/", "--", StringComparison.Ordinal)}@{(model.Revision ?? "main").Replace("/", "--", StringComparison.Ordinal)}";

    /// <summary>What the image is built on, with its digest where the server's table has one.</summary>
    public static (string Image, string? Digest) BaseOf(ModelSpec model, ServerTable table) =>
        IsOnCpu(model) && table.Cpu is { } cpu ? (cpu.Image, cpu.Digest) : (table.Image, table.Digest);

    private static bool IsOnCpu(ModelSpec model) => model.DefaultResources?.Gpu == 0;

    private static string Labels(ModelSpec model, ServerTable table)
    {
        (string Name, string? Value)[] labels =
        [
            ("org.opencontainers.image.title", model.Name ?? model.Id),
            ("org.opencontainers.image.description", model.Description),
            ("org.opencontainers.image.vendor", model.Vendor),
            ("org.opencontainers.image.licenses", model.Licence is null ? null : string.Join(" AND ", new[] { model.Licence }.Concat(model.AlsoLicensed ?? []))),
            ("org.opencontainers.image.version", model.Revision ?? "main"),
            ("org.opencontainers.image.source", model.Repo is null ? null : $"https://huggingface.co/{model.Repo}"),
            ("dev.orrery.model", model.Id),
            ("dev.orrery.server", $"{table.Server} {table.Version}"),
        ];
        return "LABEL " + string.Join(" \\\n      ", labels.Where(label => label.Value is not null).Select(label => $"{label.Name}={Quoted(label.Value!)}")) + "\n\n";
    }

    private static string Installation(ModelSpec model, ServerTable table)
    {
        var steps = new StringBuilder();
        List<string> system = [.. (table.SystemPackages ?? []).Concat(model.SystemPackages ?? []).Distinct().Order(StringComparer.Ordinal)];
        if (system.Count > 0)
        {
            steps.Append("RUN apt-get update \\\n && apt-get install -y --no-install-recommends ").AppendJoin(' ', system).Append(" \\\n && rm -rf /var/lib/apt/lists/*\n");
        }

        if (table.Program is not null)
        {
            steps.Append("COPY server/ /opt/orrery/\n");
        }

        List<string> packages = [.. Packages(model, table)];
        if (packages.Count + (table.Program is null ? 0 : 1) > 0)
        {
            var index = IsOnCpu(model) && table.Cpu?.Index is { } url ? $" --extra-index-url {url}" : "";
            var own = table.Program is null ? "" : " -r /opt/orrery/requirements.txt";
            steps.Append($"RUN {table.Installer}{index}{own}").AppendJoin("", packages.Select(package => $" \"{package}\"")).Append('\n');
        }

        return steps.ToString();
    }

    /// <summary>The server's, but for those of which the entry names a version of its own.</summary>
    private static IEnumerable<string> Packages(ModelSpec model, ServerTable table)
    {
        var own = model.Packages ?? [];
        var names = own.Select(NameOf).ToHashSet(StringComparer.OrdinalIgnoreCase);
        return ((IsOnCpu(model) ? table.Cpu?.Packages : null) ?? table.Packages ?? []).Where(package => !names.Contains(NameOf(package))).Concat(own);
    }

    private static string NameOf(string package) => package.Split(['=', '[', '<', '>', '~', '!', ' '], 2)[0];

    private static string User() =>
        $"RUN groupadd --gid 10001 orrery \\\n && useradd --uid 10001 --gid 10001 --create-home --home-dir {Home} --shell /usr/sbin/nologin orrery \\\n && install -d -o 10001 -g 10001 {Cache}\n\n";

    private static string Environment(ModelSpec model, ServerTable table)
    {
        var values = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["HF_HOME"] = Cache,
            ["HF_HUB_DISABLE_TELEMETRY"] = "1",
            ["DO_NOT_TRACK"] = "1",
            ["HOME"] = Home,
            ["XDG_CACHE_HOME"] = $"{Home}/.cache",
        };
        if (table.Program is not null)
        {
            values["PYTHONPATH"] = "/opt/orrery";
        }

        foreach (var (name, value) in (table.Environment ?? None).Concat(model.Environment ?? None))
        {
            values[name] = value;
        }

        return "ENV " + string.Join(" \\\n    ", values.Select(pair => $"{pair.Key}={Quoted(pair.Value)}")) + "\n\n";
    }

    private static readonly Dictionary<string, string> None = [];

    private static string Launch(ModelSpec model, ServerTable table, StartOptions options)
    {
        var port = model.EffectivePort;
        var health = $"import urllib.request; urllib.request.urlopen('http://127.0.0.1:{port}{table.Health}', timeout=4)";
        var first = ServerCommand.Flags(model, table, options);
        var arguments = string.Join(", \\\n     ", first.Select(flag => string.Join(", ", flag.Select(Json))));
        return $"""
            USER 10001:10001
            WORKDIR {Home}
            VOLUME {Cache}
            EXPOSE {port}
            HEALTHCHECK --interval=10s --timeout=5s --start-period=30m --retries=3 \
                CMD ["python3", "-c", {Json(health)}]
            ENTRYPOINT ["python3", "-c", {Json(Start)}, {Json(CompleteName(model))}, {string.Join(", ", table.Command.Select(Json))}]
            CMD [{arguments}]

            """.ReplaceLineEndings("\n");
    }

    private static string Json(string text) => JsonSerializer.Serialize(text, AsWritten);

    /// <summary>A value in double quotes: what would end it or be expanded is escaped, lines become one.</summary>
    private static string Quoted(string text) =>
        "\"" + OneLine(text).Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).Replace("$", "\\$", StringComparison.Ordinal) + "\"";

    private static string OneLine(string text) => string.Join(' ', text.Split(['\r', '\n'], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries));
}
