using Orrery.Contracts;

namespace Orrery.Catalogue.Compilation;

/// <summary>Where an engine's API begins at a server.</summary>
internal static class BaseUrls
{
    /// <summary><c>http://host:8000/</c> → <c>http://host:8000/v1</c>; a path of its own stays, and transforms name theirs from there.</summary>
    public static string Of(string url, string? engine = null, string? apiVersion = null)
    {
        var trimmed = url.TrimEnd('/');
        var path = new Uri(trimmed).AbsolutePath;
        if (engine == Engines.Custom)
        {
            return trimmed;
        }

        if (engine != Engines.AzureOpenAi)
        {
            return path == "/" ? trimmed + "/v1" : trimmed;
        }

        // A dated version belongs to the API with a path for each deployment; without one it is the API below /openai/v1.
        var tail = apiVersion is not null && char.IsAsciiDigit(apiVersion[0]) ? "" : "/v1";
        return path switch
        {
            "/" => trimmed + "/openai" + tail,
            "/openai" => trimmed + tail,
            _ => trimmed,
        };
    }
}
