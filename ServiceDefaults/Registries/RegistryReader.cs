using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Orrery.ServiceDefaults.Egress;
using Orrery.ServiceDefaults.Registries.Ecr;

namespace Orrery.ServiceDefaults.Registries;

/// <summary>Asks a registry which digest an image has now (OCI distribution specification).</summary>
/// <remarks>
/// 1. HEAD of the manifest; the digest that it names is the answer.
/// 2. Where that says nothing, GET: the answer is the SHA-256 of what comes, and what does not come is told with its cause.
/// 3. A registry that wants to know who asks (401) is told once: by a token of the server that it names, or by Basic.
/// </remarks>
public sealed class RegistryReader(RegistryEgress egress, IOptions<RegistryOptions> options)
{
    /// <summary>A list of manifests before a manifest: the digest holds for every platform.</summary>
    internal const string Accepted =
        "application/vnd.oci.image.index.v1+json, application/vnd.docker.distribution.manifest.list.v2+json, "
        + "application/vnd.oci.image.manifest.v1+json, application/vnd.docker.distribution.manifest.v2+json";

    /// <param name="credentials">Those of the registries that want one; <c>null</c>: nobody in particular asks.</param>
    /// <returns>Its digest, or why there is none.</returns>
    public async Task<(string? Digest, RemoteFault? Fault)> FindDigestAsync(ImageReference image, RegistryCredentials? credentials, CancellationToken cancellationToken)
    {
        if (image.Digest is { } written)
        {
            return (written, null);
        }

        var session = new RegistrySession(egress.Client, options.Value, image.Normalised, credentials?.For(image), RegistryAccess.Pull);
        var conversation = new RegistryConversation(session, image.Normalised);
        var (digest, fault) = await egress.Client.TryAsync(session.Server, options.Value.Timeout, conversation.FindDigestAsync, cancellationToken);
        return (digest, fault is null ? null : RegistryFaults.Remedied(fault));
    }
}

public static class RegistryReaderExtensions
{
    /// <summary>Registers the reader, the client that writes as well, and the section <c>Registries</c>; <see cref="EgressExtensions.AddEgress"/> has to be called as well.</summary>
    public static void AddRegistries(this IHostApplicationBuilder builder)
    {
        builder.Services.AddOptions<RegistryOptions>().BindConfiguration(RegistryOptions.Section).Configure<IConfiguration>(AddMirrors).ValidateOnStart();
        builder.Services.AddSingleton<IValidateOptions<RegistryOptions>, RegistryOptionsValidator>();
        builder.Services.AddSingleton<RegistryEgress>();
        builder.Services.AddSingleton<RegistryReader>();
        builder.Services.AddSingleton<EcrCredentials>();
        builder.Services.AddSingleton<RegistryClient>();
    }

    /// <summary>A registry with a port has a colon in its name, which to the configuration is a section below another: the binder does not find it.</summary>
    private static void AddMirrors(RegistryOptions options, IConfiguration configuration)
    {
        foreach (var (registry, mirror) in configuration.GetSection($"{RegistryOptions.Section}:{nameof(RegistryOptions.Mirrors)}").AsEnumerable(makePathsRelative: true))
        {
            if (mirror is not null)
            {
                options.Mirrors[registry] = mirror;
            }
        }
    }
}
