using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Orrery.ServiceDefaults;

/// <summary>Calls between services carry a token signed with the internal key; an access key alone opens nothing internal.</summary>
public static class InternalAuthentication
{
    public const string Header = "X-Orrery-Internal";

    private const string CallerItem = "orrery.internal.caller";

    internal static void AddInternalAuthentication(this IHostApplicationBuilder builder)
    {
        builder.Services.AddSingleton(services => new InternalTokens(
            builder.Configuration["Internal:Key"] ?? throw new InvalidOperationException(
                "Internal:Key is not set. Every service needs the same key of at least 32 characters (environment: Internal__Key)."),
            services.GetRequiredService<TimeProvider>()));
        builder.Services.AddTransient(services => new InternalTokenHandler(
            services.GetRequiredService<InternalTokens>(), builder.Environment.ApplicationName));
    }

    /// <summary>Answers 401 with problem details unless a service of ours calls.</summary>
    public static TEndpoints RequireInternalCaller<TEndpoints>(this TEndpoints endpoints)
        where TEndpoints : IEndpointConventionBuilder =>
        endpoints.AddEndpointFilter(async (context, next) =>
        {
            var http = context.HttpContext;
            var tokens = http.RequestServices.GetRequiredService<InternalTokens>();
            if (!tokens.TryVerify(http.Request.Headers[Header], out var caller))
            {
                return TypedResults.Problem(
                    $"This address is for Orrery's own services: {Header} must hold a token signed with the internal key. Access keys do not open it.",
                    statusCode: StatusCodes.Status401Unauthorized,
                    title: "Not an internal caller");
            }

            http.Items[CallerItem] = caller;
            return await next(context);
        });

    /// <summary>The service that calls, on endpoints with <see cref="RequireInternalCaller"/>.</summary>
    public static string InternalCaller(this HttpContext context) =>
        context.Items[CallerItem] as string ?? throw new InvalidOperationException("The endpoint does not require an internal caller.");
}

/// <summary>Signs each outgoing call as this service.</summary>
internal sealed class InternalTokenHandler(InternalTokens tokens, string caller) : DelegatingHandler
{
    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        request.Headers.Remove(InternalAuthentication.Header);
        request.Headers.Add(InternalAuthentication.Header, tokens.Create(caller));
        return base.SendAsync(request, cancellationToken);
    }
}
