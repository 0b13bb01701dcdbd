using Orrery.Catalogue.Dockerfiles;

namespace Orrery.Catalogue.Linting;

/// <summary>How a Dockerfile starts a model server: by ENTRYPOINT, CMD, both, or with what its base image starts.</summary>
/// <param name="Server">As the tables name it: <c>vllm</c>.</param>
/// <param name="Arguments">What the server is given, each with its line.</param>
/// <param name="Version">Of the server's own image, where that is the base; <c>null</c>: not known.</param>
internal sealed record ServerStart(string Server, IReadOnlyList<(string Word, int Line)> Arguments, Version? Version)
{
    /// <summary>Images that start their server themselves: what CMD says goes to it.</summary>
    private static readonly (string Image, string Server)[] Images =
    [
        ("vllm-openai", "vllm"), ("text-generation-inference", "tgi"), ("sglang", "sglang"),
    ];

    private static readonly (string[] Words, string Server)[] Programs =
    [
        (["vllm", "serve"], "vllm"), (["-m", "vllm.entrypoints.openai.api_server"], "vllm"), (["-m", "vllm.entrypoints.cli.main", "serve"], "vllm"),
        (["sglang", "serve"], "sglang"), (["-m", "sglang.launch_server"], "sglang"),
        (["text-generation-launcher"], "tgi"), (["tgi-entrypoint.sh"], "tgi"),
    ];

    /// <summary><c>null</c> where it starts none that is known.</summary>
    public static ServerStart? Of(Dockerfile file)
    {
        if (file.Stages.Count == 0)
        {
            return null;
        }

        var stages = new List<Stage>();
        for (var stage = file.Stages[^1]; stage is not null; stage = stage.Parent)
        {
            stages.Insert(0, stage);
        }

        var instructions = stages.SelectMany(stage => stage.Instructions).ToList();
        var entrypoint = instructions.FindLast(instruction => instruction.Name == "ENTRYPOINT" && instruction.Arguments.Count > 0);
        var command = instructions.FindLast(instruction => instruction.Name == "CMD");
        var image = stages[0].Image;
        var ofImage = Images.FirstOrDefault(known => image?.Repository.Split('/')[^1] == known.Image).Server;

        // A shell's entrypoint passes nothing on: CMD is lost then.
        List<(string Word, int Line)> words = [.. Words(entrypoint), .. entrypoint is { IsExecForm: false } ? [] : Words(command)];
        var version = Version.TryParse(image?.Tag?.TrimStart('v').Split('-')[0], out var known) ? known : null;
        return Find(words) is var (server, arguments) && server is not null
            ? new ServerStart(server, arguments, server == ofImage ? version : null)
            : entrypoint is null && ofImage is not null && command is { IsExecForm: true } ? new ServerStart(ofImage, words, version)
            : null;
    }

    /// <summary>The same of a command alone.</summary>
    public static ServerStart? Of(IReadOnlyList<string> command)
    {
        var words = command is [var shell, ['-', .., 'c'], var script, ..] && shell.Split('/')[^1] is "sh" or "bash" or "dash"
            ? [.. OfScript(script, 1)]
            : command.Select(word => (Word: word, Line: 1)).ToList();
        return Find(words) is var (server, arguments) && server is not null ? new ServerStart(server, arguments, null) : null;
    }

    private static IEnumerable<(string Word, int Line)> Words(Instruction? instruction)
    {
        if (instruction is null)
        {
            return [];
        }

        if (!instruction.IsExecForm)
        {
            return OfScript(instruction.Text.Value, instruction.At.Line);
        }

        // ["sh", "-c", "exec vllm serve …"]
        var script = instruction.Arguments.Count > 2 && instruction.Arguments[0].Value.Split('/')[^1] is "sh" or "bash" or "dash" && instruction.Arguments[1].Value is ['-', .., 'c']
            ? instruction.Arguments[2]
            : null;
        return script is null ? instruction.Arguments.Select(argument => (argument.Value, argument.At.Line)) : OfScript(script.Value, script.At.Line);
    }

    /// <summary>The command that starts a server; where none does, nothing.</summary>
    private static IEnumerable<(string Word, int Line)> OfScript(string script, int line)
    {
        var commands = ShellScript.Commands(script).Select(command => command.Bare.Select(word => (Word: word, Line: line)).ToList());
        return commands.FirstOrDefault(words => Find(words).Server is not null) ?? [];
    }

    /// <summary>Whatever stands before the program: an init, a wrapper, Python.</summary>
    private static (string? Server, IReadOnlyList<(string Word, int Line)> Arguments) Find(List<(string Word, int Line)> words)
    {
        for (var i = 0; i < words.Count; i++)
        {
            foreach (var (program, server) in Programs)
            {
                if (i + program.Length <= words.Count && program.Select((word, k) => words[i + k].Word.Split('/')[^1] == word).All(isSame => isSame))
                {
                    return (server, words[(i + program.Length)..]);
                }
            }
        }

        return (null, []);
    }
}
