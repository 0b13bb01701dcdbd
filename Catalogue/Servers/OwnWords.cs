using Orrery.Contracts;

namespace Orrery.Catalogue.Servers;

/// <summary>Flags for what an entry says in a field of its own: a flag beside the field would contradict it, and what looks at the field would not see it.</summary>
internal static class OwnWords
{
    /// <summary>Where to say what a flag says; <c>null</c>: nowhere else.</summary>
    /// <remarks>As servers read names: underscores are dashes, and the beginning of a flag stands for it where no other flag has that name.</remarks>
    public static string? Instead(string engine, string written) => Find(engine, written, Fields);

    /// <summary>The same for what the deployment decides, which no entry says at all.</summary>
    public static string? OfDeployment(string engine, string written) => Find(engine, written, DecidedLater);

    /// <summary>Whether a flag lets the server run code out of the model's repository.</summary>
    public static bool IsRemoteCode(string? engine, string written) =>
        Find(engine ?? Engines.Vllm, written, static words => [(words.RemoteCode, nameof(words.RemoteCode)), ("--trust-remote-code", nameof(words.RemoteCode))]) is not null;

    private static (string? Flag, string Instead)[] Fields(ServerSpelling words) =>
    [
        (words.Model, "repo"), ("--model", "repo"), (words.Name, "id"), (words.Revision, "revision"), (words.CodeRevision, "revision"), (words.RemoteCode, "remoteCode"), (words.MaxLength, "maxModelLength"),
        (words.ToolParser, "toolParser"), (words.ToolChoice, "toolParser"), (words.ReasoningParser, "reasoningParser"), (words.ChatTemplate, "chatTemplate"), (words.Port, "defaultPort"),
        (words.Host, "nothing: it listens everywhere in its container"), ("--config", "arguments, flag by flag: nobody sees those of a file"),
    ];

    private static (string? Flag, string Instead)[] DecidedLater(ServerSpelling words) =>
    [
        (words.TensorParallel, "the deployment, which knows its GPUs"), (words.Memory, "the deployment, which knows its GPUs"), (words.DataParallel, "expertParallel: their number follows the GPUs"),
        (words.ExpertParallel, "expertParallel"),
    ];

    private static string? Find(string engine, string written, Func<ServerSpelling, (string? Flag, string Instead)[]> wordsOf)
    {
        foreach (var table in ServerTables.All.Where(table => table.Server == engine))
        {
            var name = Normal(table.Find(written.ToLowerInvariant())?.Name ?? written);
            var isKnown = table.Find(name) is not null;
            foreach (var (flag, instead) in wordsOf(table.Spelling))
            {
                if (flag is not null && (Normal(flag) == name || (!isKnown && name.Length > 2 && Normal(flag).StartsWith(name, StringComparison.Ordinal))))
                {
                    return instead;
                }
            }
        }

        return null;
    }

    private static string Normal(string flag) => flag.Replace('_', '-').ToLowerInvariant();
}
