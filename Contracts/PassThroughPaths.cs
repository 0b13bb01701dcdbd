using System.Buffers;

namespace Orrery.Contracts;

/// <summary>
/// Which paths of a model server may be opened to clients beside the API that the gateway knows. An operator lists them one by one; a path that runs the server instead of
/// a model (weights, adapters, caches, profiles, sleep, other people's requests) is refused wherever it is listed.
/// </summary>
public static class PassThroughPaths
{
    private const int Longest = 128;

    private static readonly SearchValues<char> SegmentCharacters = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-");

    /// <summary>Of vLLM, SGLang, TGI, llama.cpp, Ollama, LocalAI and Triton.</summary>
    private static readonly HashSet<string> Administrative = new(StringComparer.OrdinalIgnoreCase)
    {
        "abort", "apply", "backend", "blobs", "close_session", "collective_rpc", "configure_logging", "copy", "create", "debug", "delete", "docs", "flush_cache", "freeze_gc", "gallery",
        "health", "internal", "invocations", "is_paused", "is_scaling_elastic_ep", "is_sleeping", "load", "lora-adapters", "metrics", "open_session", "openapi.json", "pause", "ping", "props",
        "pull", "push", "redoc", "repository", "restart", "resume", "save", "scale_elastic_ep", "server_info", "shutdown", "sleep", "slots", "unload", "version", "wake_up",
    };

    private static readonly string[] AdministrativeBeginnings =
        ["abort_", "admin", "clear_", "destroy_", "dump_", "get_", "init_", "load_", "pause_", "release_", "reset_", "resume_", "save_", "set_", "start_", "stop_", "unload_", "update_"];

    /// <returns>What is expected instead; <c>null</c> where <paramref name="path"/> may be opened.</returns>
    public static string? Check(string? path)
    {
        if (path is not { Length: > 1 and <= Longest } || path[0] != '/')
        {
            return $"a path from the server's root of at most {Longest} characters, such as /tokenize";
        }

        foreach (var segment in path[1..].Split('/'))
        {
            if (segment is "" or "." or ".." || segment.AsSpan().ContainsAnyExcept(SegmentCharacters))
            {
                return "a path of letters, digits, '.', '_' and '-' between single slashes, without a query";
            }

            if (Administrative.Contains(segment) || AdministrativeBeginnings.Any(beginning => segment.StartsWith(beginning, StringComparison.OrdinalIgnoreCase)))
            {
                return $"a path that asks a model; '{segment}' runs the server";
            }
        }

        return null;
    }
}
