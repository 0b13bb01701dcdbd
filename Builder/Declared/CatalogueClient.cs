using System.Net;
using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Serialization;
using Orrery.Contracts;

namespace Orrery.Builder.Declared;

/// <summary>What the Builder asks of the Catalogue, and reports to it. Everything may be repeated.</summary>
internal sealed class CatalogueClient(IHttpClientFactory clients)
{
    public const string ServiceName = "catalogue";

    /// <summary>Whose resources the Builder's own are.</summary>
    public const string Manager = "builder";

    private const string Root = "/apis/orrery.dev/v1";

    /// <summary>Four bookmarks: longer silence is a dead connection, whatever TCP believes.</summary>
    private static readonly TimeSpan LongestSilence = TimeSpan.FromSeconds(20);

    /// <summary>Everything of a kind in every namespace, as ADDED, then each change, with BOOKMARKs in between; ends when the connection does.</summary>
    public async IAsyncEnumerable<WatchedChange> WatchAsync(ResourceKind kind, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var silence = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        silence.CancelAfter(LongestSilence);
        using var client = clients.CreateClient(ServiceName);
        using var request = new HttpRequestMessage(HttpMethod.Get, $"{Root}/{kind.Plural}?watch=true&allNamespaces=true");
        using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, silence.Token);
        response.EnsureSuccessStatusCode();
        await using var body = await response.Content.ReadAsStreamAsync(silence.Token);
        var events = SseParser.Create(body, static (type, data) => type == "BOOKMARK" ? new WatchedChange(type, null) : JsonSerializer.Deserialize(data, WatchJson.Default.WatchedChange)!);
        await foreach (var item in events.EnumerateAsync(silence.Token))
        {
            silence.CancelAfter(LongestSilence);
            yield return item.Data;
        }
    }

    /// <param name="wish">See <see cref="DeploymentQuestion"/>; <c>null</c>: nothing is to be asked or kept.</param>
    /// <param name="was">The model as a revision has it; <c>null</c>: as it is declared now.</param>
    public async Task<DeploymentBrief> BriefAsync(DeclaredDeployment deployment, string? wish, CancellationToken cancellationToken, ModelSpec? was = null)
    {
        using var client = clients.CreateClient(ServiceName);
        var question = new DeploymentQuestion(deployment.Metadata.Namespace, deployment.Spec, wish, was);
        using var response = await client.PostAsJsonAsync("/internal/deployments/brief", question, ContractsJson.Default.DeploymentQuestion, cancellationToken);
        response.EnsureSuccessStatusCode();
        return (await response.Content.ReadFromJsonAsync(ContractsJson.Default.DeploymentBrief, cancellationToken))!;
    }

    public async Task<ImageAnswer> FindImageAsync(ImageQuestion question, CancellationToken cancellationToken)
    {
        using var client = clients.CreateClient(ServiceName);
        using var response = await client.PostAsJsonAsync("/internal/deployments/image", question, ContractsJson.Default.ImageQuestion, cancellationToken);
        response.EnsureSuccessStatusCode();
        return (await response.Content.ReadFromJsonAsync(ContractsJson.Default.ImageAnswer, cancellationToken))!;
    }

    /// <summary>What a namespace fetches and pushes images with, sealed; <c>null</c>: nothing.</summary>
    public async Task<SnapshotSecret?> PullSecretAsync(string @namespace, CancellationToken cancellationToken)
    {
        using var client = clients.CreateClient(ServiceName);
        using var response = await client.GetAsync($"/internal/namespaces/{@namespace}/pull-secret", cancellationToken);
        response.EnsureSuccessStatusCode();
        return response.StatusCode == HttpStatusCode.NoContent ? null : await response.Content.ReadFromJsonAsync(ContractsJson.Default.SnapshotSecret, cancellationToken);
    }

    /// <summary>The resource as it is now; <c>null</c>: it is gone.</summary>
    public async Task<DeclaredDeployment?> FindAsync(DeploymentKey key, CancellationToken cancellationToken)
    {
        using var client = clients.CreateClient(ServiceName);
        using var response = await client.GetAsync(PathOf(ResourceKind.ModelDeployment, key.Namespace, key.Name), cancellationToken);
        if (response.StatusCode == HttpStatusCode.NotFound)
        {
            return null;
        }

        response.EnsureSuccessStatusCode();
        var resource = (await response.Content.ReadFromJsonAsync(ContractsJson.Default.Resource, cancellationToken))!;
        return resource.Metadata.Uid == key.Uid ? DeclaredDeployment.Of(resource) : null;
    }

    /// <summary>Holds the resource until everything of it is gone, or lets it go.</summary>
    /// <returns>Whether it was done; not where somebody changed the resource meanwhile.</returns>
    public async Task<bool> HoldAsync(DeclaredDeployment deployment, bool isHeld, CancellationToken cancellationToken)
    {
        var metadata = deployment.Metadata;
        var others = (metadata.Finalizers ?? []).Where(finalizer => finalizer != DeclaredDeployment.Finalizer);
        var document = new Resource
        {
            Kind = ResourceKind.ModelDeployment.Name,
            Metadata = new ResourceMetadata
            {
                Name = metadata.Name,
                Namespace = metadata.Namespace,
                Labels = metadata.Labels,
                Annotations = metadata.Annotations,
                ResourceVersion = metadata.ResourceVersion,
                Finalizers = [.. others, .. isHeld ? (string[])[DeclaredDeployment.Finalizer] : []],
            },
            Spec = deployment.RawSpec,
        };
        using var client = clients.CreateClient(ServiceName);
        using var response = await client.PutAsJsonAsync(
            $"{PathOf(ResourceKind.ModelDeployment, metadata.Namespace, metadata.Name)}?manager={metadata.ManagedBy ?? "operator"}", document, ContractsJson.Default.Resource, cancellationToken);
        return response.StatusCode is not (HttpStatusCode.Conflict or HttpStatusCode.NotFound) && await SucceededAsync(response, cancellationToken);
    }

    public async Task ReportAsync(DeploymentKey key, ModelDeploymentStatus status, CancellationToken cancellationToken)
    {
        using var client = clients.CreateClient(ServiceName);
        var report = new StatusReport(status);
        using var response = await client.PutAsJsonAsync(PathOf(ResourceKind.ModelDeployment, key.Namespace, key.Name) + "/status", report, WatchJson.Default.StatusReport, cancellationToken);
        if (response.StatusCode != HttpStatusCode.NotFound)
        {
            await SucceededAsync(response, cancellationToken);
        }
    }

    /// <summary>Declares the provider that leads to a deployment's replicas.</summary>
    /// <exception cref="RegistrationException">Somebody else has the name, or what is registered is refused.</exception>
    public async Task RegisterAsync(DeclaredDeployment owner, ModelProviderSpec provider, CancellationToken cancellationToken)
    {
        if (await RegisterAsync(owner, provider, isDryRun: false, cancellationToken) is { } refusal)
        {
            throw new RegistrationException(refusal);
        }
    }

    /// <summary>Why a provider would not be taken; <c>null</c>: it would.</summary>
    public Task<string?> RefusalAsync(DeclaredDeployment owner, ModelProviderSpec provider, CancellationToken cancellationToken) => RegisterAsync(owner, provider, isDryRun: true, cancellationToken);

    private async Task<string?> RegisterAsync(DeclaredDeployment owner, ModelProviderSpec provider, bool isDryRun, CancellationToken cancellationToken)
    {
        var metadata = owner.Metadata;
        var document = new Resource
        {
            Kind = ResourceKind.ModelProvider.Name,
            Metadata = new ResourceMetadata
            {
                Name = metadata.Name,
                Namespace = metadata.Namespace,
                OwnerReferences = [new OwnerReference(ResourceKind.ModelDeployment.Name, metadata.Name, metadata.Uid!)],
            },
            Spec = JsonSerializer.SerializeToElement(provider, ContractsJson.Default.ModelProviderSpec),
        };
        using var client = clients.CreateClient(ServiceName);
        var path = PathOf(ResourceKind.ModelProvider, metadata.Namespace, metadata.Name);
        using var response = await client.PutAsJsonAsync($"{path}?manager={Manager}{(isDryRun ? "&dryRun=true" : "")}", document, ContractsJson.Default.Resource, cancellationToken);
        if (response.StatusCode is not (HttpStatusCode.Conflict or HttpStatusCode.BadRequest))
        {
            await SucceededAsync(response, cancellationToken);
            return null;
        }

        using var found = await client.GetAsync(path, cancellationToken);
        var other = found.IsSuccessStatusCode ? (await found.Content.ReadFromJsonAsync(ContractsJson.Default.Resource, cancellationToken))!.Metadata.ManagedBy : Manager;
        return other == Manager
            ? await DetailAsync(response, cancellationToken)
            : $"The ModelProvider '{metadata.Name}' of namespace '{metadata.Namespace}' is there already, managed by '{other}', and replicas are registered under their deployment's name. Name the deployment otherwise, or delete that ModelProvider.";
    }

    /// <summary>Takes the provider away again, if it is ours and still there.</summary>
    /// <exception cref="RegistrationException">Something else leads to it.</exception>
    public async Task UnregisterAsync(DeploymentKey key, CancellationToken cancellationToken)
    {
        using var client = clients.CreateClient(ServiceName);
        var path = PathOf(ResourceKind.ModelProvider, key.Namespace, key.Name);
        using var found = await client.GetAsync(path, cancellationToken);
        if (found.StatusCode == HttpStatusCode.NotFound)
        {
            return;
        }

        await SucceededAsync(found, cancellationToken);
        var provider = (await found.Content.ReadFromJsonAsync(ContractsJson.Default.Resource, cancellationToken))!;
        if (provider.Metadata.OwnerReferences?.Any(owner => owner.Uid == key.Uid) != true)
        {
            return; // Somebody else's, of the same name.
        }

        using var response = await client.DeleteAsync($"{path}?manager={Manager}", cancellationToken);
        if (response.StatusCode == HttpStatusCode.Conflict)
        {
            throw new RegistrationException(await DetailAsync(response, cancellationToken));
        }

        if (response.StatusCode != HttpStatusCode.NotFound)
        {
            await SucceededAsync(response, cancellationToken);
        }
    }

    private static string PathOf(ResourceKind kind, string @namespace, string name) => $"{Root}/namespaces/{@namespace}/{kind.Plural}/{name}";

    private static async Task<bool> SucceededAsync(HttpResponseMessage response, CancellationToken cancellationToken) => response.IsSuccessStatusCode
        ? true
        : throw new HttpRequestException($"The Catalogue answers {(int)response.StatusCode}: {await DetailAsync(response, cancellationToken)}", null, response.StatusCode);

    private static async Task<string> DetailAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        var text = await response.Content.ReadAsStringAsync(cancellationToken);
        try
        {
            using var problem = JsonDocument.Parse(text);
            return problem.RootElement.TryGetProperty("errors", out var errors) && errors is { ValueKind: JsonValueKind.Array } && errors.GetArrayLength() > 0 ? string.Join(" ", errors.EnumerateArray().Select(Told))
                : problem.RootElement.TryGetProperty("detail", out var detail) ? detail.GetString() ?? text
                : text;
        }
        catch (JsonException)
        {
            return text;
        }
    }

    /// <summary>A field of ours that it does not take, whole: who reads of it has no other place to look.</summary>
    private static string Told(JsonElement error)
    {
        string? Text(string name) => error.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
        return $"{Text("path")}{(Text("value") is { } value ? $" is '{value}'" : "")}; expected {Text("expectation")}.{(Text("remedy") is { } remedy ? " " + remedy : "")}";
    }
}

/// <summary>The Catalogue does not take a registration, and repeating it is of no use.</summary>
internal sealed class RegistrationException(string message) : Exception(message);

/// <param name="Type">ADDED, MODIFIED, DELETED or BOOKMARK.</param>
internal sealed record WatchedChange(string Type, Resource? Object);

internal sealed record StatusReport(ModelDeploymentStatus Status);

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, IgnoreReadOnlyProperties = true)]
[JsonSerializable(typeof(WatchedChange))]
[JsonSerializable(typeof(StatusReport))]
internal sealed partial class WatchJson : JsonSerializerContext;
