using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Orrery.Builder.Targets.Kubernetes.Client;

/// <summary>What the API server's refusals mean, in one sentence with the remedy.</summary>
internal static partial class KubernetesErrors
{
    private const int LongestText = 2_000;

    public static async Task<KubernetesException> ReadAsync(HttpResponseMessage response, KubernetesQuestion question, string where, CancellationToken cancellationToken)
    {
        JsonNode? status = null;
        try
        {
            await response.Content.LoadIntoBufferAsync(1024 * 1024, cancellationToken);
            status = await JsonNode.ParseAsync(await response.Content.ReadAsStreamAsync(cancellationToken), cancellationToken: cancellationToken);
        }
        catch (Exception error) when (error is JsonException or HttpRequestException or IOException)
        {
            // Something in front of the API server answered in its own words.
        }

        return Explain(response.StatusCode, status as JsonObject, question, where);
    }

    public static KubernetesException Explain(HttpStatusCode code, JsonObject? status, KubernetesQuestion question, string where)
    {
        var reason = status.Text("reason") ?? (status.Text("kind") == "Status" ? $"Status{(int)code}" : code.ToString());
        var said = Redact(status.Text("message") ?? "", question);
        reason = status.Items("details", "causes").Select(cause => cause.Text("reason")).FirstOrDefault(one => one == "NamespaceTerminating") ?? reason;
        var message = (int)code switch
        {
            401 => $"{where} does not know our credentials. Has the token expired, or was the account deleted?",
            403 when Forbidden.Match(said) is { Success: true } forbidden => Missing(forbidden, question),
            404 when status is null => $"{where} has no {question.Resource.Plural} of {question.Resource.ApiVersion}. Is it an API server of 1.30 or newer?",
            409 when Conflicts(status) is { Length: > 0 } conflicts => $"{Object(question)}: {conflicts}. Let one of the two give the field up: kubectl apply --server-side --force-conflicts, or take it out of the other's manifest.",
            410 => "The list is older than what the API server remembers.",
            >= 500 when status is null => $"{where} answered {question} with {(int)code} and no status of Kubernetes. Something in front of it answered; is it up?",
            _ when said.Length > 0 => $"The API server refused to {question}: {said}",
            _ => $"{where} answered {question} with {(int)code}.",
        };
        return new KubernetesException((int)code, reason, message);
    }

    // What the server says was missing, and not what was asked: applying what is not there yet asks for create too.
    private static string Missing(Match forbidden, KubernetesQuestion question)
    {
        var (user, verb, resource) = (forbidden.Groups["user"].Value, forbidden.Groups["verb"].Value, forbidden.Groups["resource"].Value);
        var who = user.StartsWith("system:serviceaccount:", StringComparison.Ordinal) && user.Split(':') is [_, _, var ns, var account] ? $"service account {ns}/{account}" : $"user {user}";
        return $"The {who} may not {verb} {resource} in {(question.Namespace is null ? "the whole cluster" : $"namespace {question.Namespace}")}: "
            + $"add {{ apiGroups: [\"{forbidden.Groups["group"].Value}\"], resources: [\"{resource}\"], verbs: [\"{verb}\"] }} to its {(question.Namespace is null ? "ClusterRole" : "role")}.";
    }

    // "conflict with "kubectl" using apps/v1: .spec.replicas"; older servers say field by field.
    private static string Conflicts(JsonObject? status) => string.Join("; ", status.Items("details", "causes")
        .Where(cause => cause.Text("reason") == "FieldManagerConflict")
        .Select(cause => $"the field {cause.Text("field") ?? "?"} is set by '{Manager.Match(cause.Text("message") ?? "").Groups["name"].Value}'"));

    private static string Object(KubernetesQuestion question) => question.Resource.Describe(question.Namespace, question.Name ?? "");

    // The server repeats values that it refuses.
    private static string Redact(string message, KubernetesQuestion question)
    {
        if (question.Resource == KubernetesResource.Secrets)
        {
            foreach (var (_, value) in question.Body.Map("data") ?? [])
            {
                if (value.Text() is { Length: > 0 } data)
                {
                    message = message.Replace(data, "…", StringComparison.Ordinal);
                }
            }
        }

        return message.Length > LongestText ? message[..LongestText] + "…" : message;
    }

    [GeneratedRegex(""""is forbidden: User "(?<user>[^"]*)" cannot (?<verb>[a-z]+) resource "(?<resource>[^"]*)" in API group "(?<group>[^"]*)"""")]
    private static partial Regex Forbidden { get; }

    [GeneratedRegex("conflict with \"(?<name>[^\"]*)\"")]
    private static partial Regex Manager { get; }
}
