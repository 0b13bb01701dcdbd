using Orrery.Catalogue.Following;
using Orrery.Contracts;
using Orrery.ServiceDefaults;

namespace Orrery.Catalogue.Api;

/// <summary>Who may use the control plane: administrators' access keys, for their namespace, viewers' to read, publishers' to write models, and services of ours.</summary>
internal sealed class AccessControl(LiveState live, InternalTokens tokens, TimeProvider time)
{
    /// <param name="changesNothing">Whether what is asked for only reads, whatever its method.</param>
    /// <param name="publishes">Whether what is asked for may be a publisher's.</param>
    public (Caller? Caller, Refusal? Refusal) Identify(HttpRequest request, bool changesNothing = false, bool publishes = false)
    {
        var isRead = changesNothing || HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method);
        if (request.Headers[InternalAuthentication.Header].ToString() is { Length: > 0 } signed)
        {
            return tokens.TryVerify(signed, out var service)
                ? (new Caller($"service {service}", ResourceMetadata.DefaultNamespace, IsService: true), null)
                : (null, Unknown($"{InternalAuthentication.Header} holds no valid token of this installation."));
        }

        if (Token(request) is not { } token)
        {
            return (null, Unknown($"Send an administrator's{(isRead ? " or a viewer's" : "")} access key as 'Authorization: Bearer ork_…' or 'x-api-key: ork_…'."));
        }

        if (Find(AccessToken.Hash(token)) is not { } key)
        {
            return (null, Unknown("The access key is not known here, has been revoked or has expired."));
        }

        var isAllowed = key.Role switch
        {
            AccessRoles.Administrator => true,
            AccessRoles.Publisher => isRead || publishes,
            AccessRoles.Viewer => isRead,
            _ => false,
        };
        return isAllowed
            ? (new Caller($"accesskey {key.Namespace}/{key.Name}", key.Namespace, IsService: false, IsPublisher: key.Role == AccessRoles.Publisher), null)
            : (null, Refusal.Forbidden(key.Role switch
            {
                AccessRoles.Viewer => $"The access key '{key.Name}' has the role '{AccessRoles.Viewer}', which changes nothing; this needs an '{AccessRoles.Administrator}'{(publishes ? $" or, for models and builds, a '{AccessRoles.Publisher}'" : "")}.",
                AccessRoles.Publisher => $"The access key '{key.Name}' has the role '{AccessRoles.Publisher}', which writes models and has images built; this needs an '{AccessRoles.Administrator}'.",
                _ => $"The access key '{key.Name}' has the role '{key.Role}'; the control plane needs an '{AccessRoles.Administrator}'.",
            }));
    }

    /// <summary>The key in force under a token's hash.</summary>
    public SnapshotKey? Find(string sha256) => live.State.FindKey(sha256) is { } key && !(key.ExpiresAt <= time.GetUtcNow()) ? key : null;

    private static string? Token(HttpRequest request)
    {
        var authorization = request.Headers.Authorization.ToString();
        return authorization.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase)
            ? authorization["Bearer ".Length..].Trim()
            : request.Headers["x-api-key"].ToString() is { Length: > 0 } key ? key : null;
    }

    private static Refusal Unknown(string detail) => new(StatusCodes.Status401Unauthorized, "Unauthorized", detail);
}

internal static class AccessControlExtensions
{
    private const string CallerItem = "orrery.catalogue.caller";

    /// <summary>Lets administrators and services in; before the resources are known, nobody can be told apart and everybody is asked to wait.</summary>
    public static TEndpoints RequireAdministrator<TEndpoints>(this TEndpoints endpoints)
        where TEndpoints : IEndpointConventionBuilder =>
        endpoints.AddEndpointFilter(async (context, next) =>
        {
            var http = context.HttpContext;
            if (!http.RequestServices.GetRequiredService<LiveState>().IsLoaded)
            {
                return Problems.Starting(http);
            }

            var (caller, refusal) = http.RequestServices.GetRequiredService<AccessControl>().Identify(http.Request, http.GetEndpoint()?.Metadata.GetMetadata<ReadsOnly>() is not null, http.GetEndpoint()?.Metadata.GetMetadata<OfPublishers>() is not null);
            if (refusal?.Status == StatusCodes.Status401Unauthorized)
            {
                http.Response.Headers.WWWAuthenticate = "Bearer";
            }

            http.Items[CallerItem] = caller;
            return refusal is null ? await next(context) : Problems.Of(refusal);
        });

    /// <summary>Viewers may ask it too, although it is a POST.</summary>
    public static RouteHandlerBuilder ChangesNothing(this RouteHandlerBuilder endpoint) => endpoint.WithMetadata(new ReadsOnly());

    /// <summary>Publishers may ask it too, for what <see cref="Caller.MayWrite"/>.</summary>
    public static RouteHandlerBuilder Publishes(this RouteHandlerBuilder endpoint) => endpoint.WithMetadata(new OfPublishers());

    /// <summary>Who asks, on endpoints with <see cref="RequireAdministrator"/>.</summary>
    public static Caller Caller(this HttpContext context) =>
        context.Items[CallerItem] as Caller ?? throw new InvalidOperationException("The endpoint does not require an administrator.");

    /// <summary>The caller's own, or the one that <c>?namespace=</c> names.</summary>
    /// <exception cref="BadHttpRequestException">The caller does not reach it.</exception>
    public static string Namespace(this HttpContext context)
    {
        var caller = context.Caller();
        var @namespace = context.Request.Text("namespace") ?? caller.Namespace;
        return caller.MayReach(@namespace)
            ? @namespace
            : throw new BadHttpRequestException($"Your access key administers namespace '{caller.Namespace}' and opens no other.", StatusCodes.Status403Forbidden);
    }
}

/// <summary>Marks an endpoint that only reads.</summary>
internal sealed record ReadsOnly;

/// <summary>Marks an endpoint that writes models, or has them built.</summary>
internal sealed record OfPublishers;
