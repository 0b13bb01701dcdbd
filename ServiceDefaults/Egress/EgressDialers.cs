using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Orrery.ServiceDefaults.Egress;

/// <summary>Gives each provider what makes its connections, by what it says of them.</summary>
public sealed class EgressDialers(EgressSettings settings, IEgressResolver resolver, TimeProvider time, ILogger<EgressDialers> logger)
{
    private readonly CertificateTrust _shared = new(settings.CertificateAuthorities, pem: null);

    public EgressDialer For(EgressRoute route) => new(
        settings,
        route,
        route.CertificateAuthority is { } pem ? new CertificateTrust(settings.CertificateAuthorities, pem) : _shared,
        resolver,
        time,
        logger);
}

/// <summary>Registers the way out.</summary>
public static class EgressExtensions
{
    /// <summary>The rule for connections to providers, the proxy and the authorities, from the section <c>Gateway:Egress</c>.</summary>
    public static void AddEgress(this IHostApplicationBuilder builder)
    {
        builder.Services.AddOptions<EgressOptions>().BindConfiguration(EgressOptions.Section).ValidateOnStart();
        builder.Services.AddSingleton<IValidateOptions<EgressOptions>, EgressOptionsValidator>();
        builder.Services.TryAddSingleton<IEgressResolver, SystemResolver>();
        builder.Services.AddSingleton<EgressSettings>();
        builder.Services.AddSingleton(services => services.GetRequiredService<EgressSettings>().Policy);
        builder.Services.AddSingleton<EgressDialers>();
        builder.Services.AddSingleton<EgressClient>();
    }
}
