using Orrery.Catalogue.Documents;
using Orrery.Catalogue.Following;
using Orrery.Catalogue.Probing;
using Orrery.Catalogue.Resources;
using Orrery.Catalogue.Secrets;
using Orrery.Contracts;
using Orrery.ServiceDefaults.Egress;

namespace Orrery.Catalogue.Api;

/// <summary>Tests the connection of a provider that is stored, or of one that is about to be.</summary>
internal static partial class ConnectionTestApi
{
    public static void MapConnectionTestApi(this IEndpointRouteBuilder routes)
    {
        foreach (var scope in new[] { ResourcesApi.Root, ResourcesApi.Root + "/namespaces/{namespace}" })
        {
            var group = routes.MapGroup(scope + "/modelproviders").RequireAdministrator().WithTags("Test");
            group.MapPost("/{name}/test", TestStored).WithSummary("Tests a provider's connection; ?model= makes a request");
            group.MapPost("/test", TestDocument).WithSummary("Tests a provider that is not stored: one ModelProvider, and Secrets that it names");
        }
    }

    private static async Task<IResult> TestStored(
        string name, string? @namespace, HttpContext http, LiveState live, ChangeFollower follower, SecretVault vault, ProviderTester tester, ILogger<ProviderTester> logger,
        CancellationToken cancellationToken)
    {
        var (key, refusal) = ResourcesApi.Target(http, ResourceKind.ModelProvider.Plural, name, @namespace);
        if (key is null)
        {
            return Problems.Of(refusal!);
        }

        await follower.RefreshAsync(cancellationToken);
        return live.State.Find(key)?.Spec is ModelProviderSpec spec
            ? await TestAsync(key, spec, [], http, live.State, vault, tester, logger, cancellationToken)
            : Problems.Of(ResourcesApi.Missing(key));
    }

    private static async Task<IResult> TestDocument(
        string? @namespace, HttpContext http, LiveState live, ChangeFollower follower, SecretVault vault, ProviderTester tester, ILogger<ProviderTester> logger,
        CancellationToken cancellationToken)
    {
        var (scope, refusal) = ResourcesApi.Target(http, ResourceKind.ModelProvider.Plural, "", @namespace);
        if (scope is null)
        {
            return Problems.Of(refusal!);
        }

        var (documents, faults) = await RequestBody.ReadDocumentsAsync(http.Request, new DocumentContext(scope.Namespace), cancellationToken);
        if (faults is not null)
        {
            return Problems.Of(faults);
        }

        if (documents.Where(document => document.Spec is ModelProviderSpec).ToList() is not [var provider] || documents.Any(document => document.Spec is not (ModelProviderSpec or SecretSpec)))
        {
            return Problems.Of(new Refusal(StatusCodes.Status400BadRequest, "Documents refused", "The body holds something else than one ModelProvider and Secrets that it names. Nothing was tested."));
        }

        if (documents.FirstOrDefault(document => document.Metadata.Namespace != scope.Namespace) is { } foreign)
        {
            return Problems.Of(Refusal.Forbidden($"Document {foreign.Index} is for namespace '{foreign.Metadata.Namespace}' and the test for '{scope.Namespace}'. Nothing was tested."));
        }

        await follower.RefreshAsync(cancellationToken);
        var secrets = documents.Where(document => document.Spec is SecretSpec).DistinctBy(document => document.Key).ToDictionary(document => document.Key, document => (SecretSpec)document.Spec);
        return await TestAsync(provider.Key, (ModelProviderSpec)provider.Spec, secrets, http, live.State, vault, tester, logger, cancellationToken);
    }

    private static async Task<IResult> TestAsync(
        ResourceKey key, ModelProviderSpec spec, Dictionary<ResourceKey, SecretSpec> given, HttpContext http, CatalogueState state, SecretVault vault, ProviderTester tester,
        ILogger logger, CancellationToken cancellationToken)
    {
        var errors = new FieldErrorList();
        var opened = SecretReferences.Of(spec).ToDictionary(one => one.Path, one => Open(one.Path, one.Reference), StringComparer.Ordinal);
        List<KeyValuePair<string, string>> credentials = [.. SecretReferences.Of(spec)
            .Where(one => one.Path.StartsWith("spec.apiKeySecretRef", StringComparison.Ordinal))
            .Select(one => KeyValuePair.Create($"{one.Reference.Name}/{one.Reference.Key}", opened[one.Path]?.TrimEnd('\r', '\n') ?? ""))];
        var authority = opened.GetValueOrDefault("spec.tls.certificateAuthoritySecretRef") ?? spec.Tls?.CertificateAuthority;
        var headers = (spec.Headers ?? new Dictionary<string, string>())
            .Concat((spec.SecretHeaders?.Keys ?? []).Select(name => KeyValuePair.Create(name, opened[$"spec.secretHeaders.{name}"] ?? "")))
            .ToList();
        if (authority is not null && ProviderTls.Check(authority) is { } expected)
        {
            errors.Add(0, new FieldError("spec.tls", null, expected), null);
        }

        if (errors.Any)
        {
            return Problems.Of(Refusal.Fields(errors.All));
        }

        var wanted = http.Request.Text("model");
        var known = state.Models(key.Namespace).FirstOrDefault(model => model.Id == wanted) ?? state.Models(key.Namespace).FirstOrDefault(model => wanted is not null && model.Aliases.Contains(wanted));
        var type = wanted is null ? null : TypeOf(spec, wanted) ?? known?.ModelType;
        wanted = known?.Id ?? wanted;
        var provider = new TestedProvider(spec, credentials, headers, new EgressRoute(spec.Proxy, authority, spec.Tls?.ServerName), wanted, type ?? ModelTypes.Chat);
        if (await tester.TryTestAsync(provider, cancellationToken) is not { } answer)
        {
            http.Response.Headers.RetryAfter = "1";
            return Problems.Of(new Refusal(StatusCodes.Status429TooManyRequests, "Too many tests", "As many connections are being tested as may be at once. Try again in a moment."));
        }

        Log.Tested(logger, http.Caller().Name, key.Namespace, key.Name, answer.Steps.FirstOrDefault(step => step.Cause is not null)?.Cause ?? "ok");
        return TypedResults.Ok(answer);

        string? Open(string path, SecretKeyReference reference)
        {
            var secret = new ResourceKey(ResourceKind.Secret, key.Namespace, reference.Name);
            if (given.TryGetValue(secret, out var document))
            {
                return document.Data.TryGetValue(reference.Key, out var value) ? value : Missing($"{path}.key", reference.Key, $"a key of {secret}");
            }

            if (state.Find(secret)?.Spec is not SealedSecretSpec stored)
            {
                return Missing($"{path}.name", reference.Name, $"a Secret of namespace '{key.Namespace}', stored or in this request");
            }

            return !stored.Data.TryGetValue(reference.Key, out var found) ? Missing($"{path}.key", reference.Key, $"a key of {secret}: {string.Join(", ", stored.Data.Keys)}")
                : vault.Open(secret, reference.Key, found, out var fault) ?? Missing(path, null, $"a value that can be opened; {fault}");
        }

        string? Missing(string path, string? value, string wantedThere)
        {
            errors.Add(0, new FieldError(path, value, wantedThere), null);
            return null;
        }
    }

    private static string? TypeOf(ModelProviderSpec spec, string model) => spec.Models?.FirstOrDefault(provided => provided.Id == model)?.ModelType;

    private static partial class Log
    {
        [LoggerMessage(2401, LogLevel.Information, "{Caller} tested the connection of provider {Namespace}/{Provider}: {Outcome}", EventName = "ConnectionTested")]
        public static partial void Tested(ILogger logger, string caller, string @namespace, string provider, string outcome);
    }
}
