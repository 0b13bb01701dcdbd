using System.Text;
using System.Text.Json.Nodes;
using Orrery.ServiceDefaults.Registries;

namespace Orrery.Builder.Builds;

/// <summary>Credentials as every tool reads them: <c>{"auths": {"HOST": {"auth": "…"}}}</c>.</summary>
internal static class DockerConfig
{
    private const string DockerHub = "docker.io";
    private const string DockerHubKey = "https://index.docker.io/v1/";

    /// <param name="credentials">Of two for the same place the later one's.</param>
    public static string Of(params ReadOnlySpan<RegistryCredentials?> credentials)
    {
        var auths = new JsonObject();
        foreach (var known in credentials)
        {
            foreach (var (place, credential) in known?.ByPlace ?? new Dictionary<string, RegistryCredential>())
            {
                auths[place == DockerHub ? DockerHubKey : place] = new JsonObject { ["auth"] = Convert.ToBase64String(Encoding.UTF8.GetBytes($"{credential.User}:{credential.Password}")) };
            }
        }

        return new JsonObject { ["auths"] = auths }.ToJsonString();
    }
}
