using System.Collections;

namespace Aspire.Hosting;

/// <summary>What a child inherits of the host's own environment.</summary>
internal static class ChildEnvironment
{
    /// <summary>Marks every process of a run, so that the reaper finds those that left their group.</summary>
    public const string RunMark = "ASPIRE_HOSTING_RUN";

    // Meant for the host: its addresses, its launch profile, and every parameter, which a child gets only if the graph gives it.
    private static readonly string[] Prefixes = ["ASPIRE_", "APPHOST__", "PARAMETERS__", "CONNECTIONSTRINGS__", "SERVICES__", "DCPPUBLISHER__", "KESTREL__"];

    private static readonly HashSet<string> Names = new(StringComparer.OrdinalIgnoreCase)
    {
        "ASPNETCORE_URLS", "ASPNETCORE_HTTP_PORTS", "ASPNETCORE_HTTPS_PORTS", "HTTP_PORTS", "HTTPS_PORTS", "URLS", "DOTNET_URLS",
        "DOTNET_LAUNCH_PROFILE", "DOTNET_RESOURCE_SERVICE_ENDPOINT_URL", "DOTNET_DASHBOARD_OTLP_ENDPOINT_URL", "MSBUILD_EXE_PATH", "MSBuildSDKsPath", "MSBuildExtensionsPath",
    };

    public static Dictionary<string, string> Of(IDictionary own, IReadOnlyDictionary<string, string> given, string runId)
    {
        var environment = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (DictionaryEntry entry in own)
        {
            if (entry is { Key: string name, Value: string value } && IsInherited(name))
            {
                environment[name] = value;
            }
        }

        foreach (var (name, value) in given)
        {
            environment[name] = value;
        }

        environment[RunMark] = runId;
        return environment;
    }

    private static bool IsInherited(string name) =>
        !Names.Contains(name) && !Prefixes.Any(prefix => name.StartsWith(prefix, StringComparison.OrdinalIgnoreCase));
}
