using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Orrery.Contracts;
using Orrery.ServiceDefaults.Egress;

namespace Orrery.ServiceDefaults.Registries;

/// <summary>Asks a registry which digest an image has now (OCI distribution specification).</summary>
/// <remarks>
/// 1. HEAD of the manifest; the digest that it names is the answer.
/// 2. Where that says nothing, GET: the answer is the SHA-256 of what comes, and what does not come is told with its cause.
/// 3. A registry that wants to know who asks (401) is told once: by a token of the server that it names, or by Basic.
/// </remarks>
public sealed class RegistryReader(EgressClient client, IOptions<RegistryOptions> options)
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

        var conversation = new RegistryConversation(client, options.Value, image.Normalised, credentials?.For(image));
        var (digest, fault) = await client.TryAsync(conversation.Server, options.Value.Timeout, conversation.FindDigestAsync, cancellationToken);
        return (digest, fault is { Cause: EgressCauses.TlsFailed } ? fault with { Remedy = $"{fault.Remedy} If it is inside and speaks plain http, list it in Registries:PlainHttp." } : fault);
    }
}

/// <summary>What registries have of their own beside <see cref="RemoteCauses"/>.</summary>
public static class RegistryCauses
{
    public const string UnknownImage = "unknown_image";
    public const string UnknownTag = "unknown_tag";
    public const string NoManifest = "no_manifest";
    public const string DigestMismatch = "digest_mismatch";
}

public static class RegistryReaderExtensions
{
    /// <summary>Registers the reader and the section <c>Registries</c>; <see cref="EgressExtensions.AddEgress"/> has to be called as well.</summary>
    public static void AddRegistries(this IHostApplicationBuilder builder)
    {
        builder.Services.AddOptions<RegistryOptions>().BindConfiguration(RegistryOptions.Section).ValidateOnStart();
        builder.Services.AddSingleton<IValidateOptions<RegistryOptions>, RegistryOptionsValidator>();
        builder.Services.AddSingleton<RegistryReader>();
    }
}
