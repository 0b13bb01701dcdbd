using Orrery.Catalogue.Following;
using Orrery.Contracts;
using Orrery.ServiceDefaults;

namespace Orrery.Catalogue.Api;

/// <summary>Whose access key it is that a service was shown. The token itself travels nowhere.</summary>
internal static class AccessKeysApi
{
    public static void MapAccessKeysApi(this IEndpointRouteBuilder routes) =>
        routes.MapPost("/internal/access-keys/identify", Identify).RequireInternalCaller().WithTags("Internal").WithSummary("The access key in force under a token's hash");

    private static IResult Identify(HttpContext http, AccessKeyQuestion question, LiveState live, AccessControl access) => (live.IsLoaded, access.Find(question.Sha256)) switch
    {
        (false, _) => Problems.Starting(http),
        (_, null) => Problems.Of(Refusal.NotFound("No access key in force has this hash.")),
        (_, { } key) => TypedResults.Ok(new AccessKeyIdentity(key.Namespace, key.Name, key.Role)),
    };
}
