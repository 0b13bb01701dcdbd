namespace Orrery.Catalogue.Servers;

/// <summary>Variables that decide which code a server runs and which weights it loads: a value that nobody sees must not be theirs.</summary>
internal static class ServerVariables
{
    /// <summary>Where the hub's library keeps what it fetches, code of repositories included.</summary>
    private static readonly string[] CacheFolders = ["HF_HOME", "HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "TRANSFORMERS_CACHE", "HF_MODULES_CACHE", "HUGGINGFACE_ASSETS_CACHE", "HF_ASSETS_CACHE"];

    /// <summary>Under another hub, or another name, the same repository is something else.</summary>
    private static readonly string[] OtherHubs = ["_HF_DEFAULT_ENDPOINT", "HUGGINGFACE_CO_STAGING", "VLLM_MODEL_REDIRECT_PATH"];

    private static readonly string[] Code =
    [
        "PATH", "PYTHONPATH", "PYTHONHOME", "PYTHONSTARTUP", "PYTHONINSPECT", "PYTHONUSERBASE", "PYTHONEXECUTABLE", "BASH_ENV", "LD_PRELOAD", "LD_AUDIT", "LD_LIBRARY_PATH", "GCONV_PATH",
        "CUDA_INJECTION64_PATH", "VLLM_PLUGINS", "SGLANG_EXTERNAL_MODEL_PACKAGE", "RAY_ADDRESS",
    ];

    /// <summary>What the images rest upon besides: who runs, on what, and that nothing is reported.</summary>
    private static readonly string[] Machine =
        ["HF_HUB_OFFLINE", "CUDA_VISIBLE_DEVICES", "NVIDIA_VISIBLE_DEVICES", "HOME", "XDG_CACHE_HOME", "HF_HUB_DISABLE_TELEMETRY", "DO_NOT_TRACK", "VLLM_NO_USAGE_STATS", "USAGE_STATS"];

    /// <summary>What no entry sets.</summary>
    public static readonly IReadOnlyList<string> Reserved = [.. CacheFolders, "HF_ENDPOINT", "VLLM_USE_MODELSCOPE", "SGLANG_USE_MODELSCOPE", .. OtherHubs, .. Code, .. Machine];

    public static bool IsReserved(string name) => Reserved.Contains(name, StringComparer.OrdinalIgnoreCase) || IsOtherHub(name);

    public static bool IsCacheFolder(string name) => CacheFolders.Contains(name, StringComparer.OrdinalIgnoreCase);

    /// <summary>Whether it leads to weights that are not those of the repository's name.</summary>
    public static bool IsOtherHub(string name) => name.Contains("MODELSCOPE", StringComparison.OrdinalIgnoreCase) || OtherHubs.Contains(name, StringComparer.OrdinalIgnoreCase);

    /// <summary>How TGI is told by a variable, and others after it.</summary>
    public static bool IsRemoteCode(string name) => name.Contains("TRUST_REMOTE_CODE", StringComparison.OrdinalIgnoreCase);

    /// <summary>Whether it decides over code or weights.</summary>
    public static bool Decides(string name) =>
        IsRemoteCode(name) || IsCacheFolder(name) || IsOtherHub(name) || name.Equals("HF_ENDPOINT", StringComparison.OrdinalIgnoreCase) || Code.Contains(name, StringComparer.OrdinalIgnoreCase);

    /// <summary>The flag that a variable stands for, with servers that take each flag by a variable as well; <c>null</c>: none.</summary>
    public static string? FlagOf(ServerTable table, string name) =>
        table.FlagsAreVariables && !IsCacheFolder(name) && table.Find("--" + name.ToLowerInvariant().Replace('_', '-')) is { Name: { } flag } ? flag : null;

    /// <summary>A folder of the weights' volume as it is written: nothing in it leads elsewhere, and nothing is put in later.</summary>
    public static bool IsOnVolume(string folder) =>
        (folder == "/models" || folder.StartsWith("/models/", StringComparison.Ordinal)) && !folder.Contains('$', StringComparison.Ordinal) && !folder.Split('/').Any(part => part is "." or "..");
}
