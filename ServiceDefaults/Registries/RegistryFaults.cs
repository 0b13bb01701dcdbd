using System.Text.Json;
using Orrery.Contracts;
using Orrery.ServiceDefaults.Egress;

namespace Orrery.ServiceDefaults.Registries;

/// <summary>What registries have of their own beside <see cref="RemoteCauses"/>.</summary>
public static class RegistryCauses
{
    public const string UnknownImage = "unknown_image";
    public const string UnknownTag = "unknown_tag";
    public const string NoManifest = "no_manifest";
    public const string DigestMismatch = "digest_mismatch";

    /// <summary>The registry does not take a repository of this name.</summary>
    public const string NameRefused = "name_refused";

    /// <summary>Something before the registry, or itself, takes nothing of this size (413).</summary>
    public const string TooLarge = "too_large";

    /// <summary>The registry has lost the upload or got something else: it is begun again.</summary>
    public const string UploadBroken = "upload_broken";

    public const string ManifestRefused = "manifest_refused";

    /// <summary>The registry can do this nowhere, or does not do it as it is set up.</summary>
    public const string Unsupported = "unsupported";

    /// <summary>Another writer wrote the same tag at the same time, again and again.</summary>
    public const string Conflict = "conflict";
}

/// <summary>What a registry refuses, in words with what to do about it.</summary>
internal sealed class RegistryFaults(string server, string repository, RegistryCredential? credential, RegistryAccess access)
{
    public const string Manifest = "manifest";
    public const string Blob = "blob";
    public const string CredentialRemedy = "Set a credential for this registry.";

    public RemoteFailure Denied(string stage) => (credential, access) switch
    {
        (null, RegistryAccess.Push) => Failure(
            stage, RemoteCauses.AccessDenied, $"{server} lets nobody push to '{repository}' whom it does not know", "Is the name right? " + CredentialRemedy),
        (null, _) => Failure(
            stage, RemoteCauses.AccessDenied, $"{server} has no image '{repository}', or shows it to those alone whom it knows", "Is the name right? " + CredentialRemedy),
        (_, RegistryAccess.Push) => Failure(
            stage, RemoteCauses.AccessDenied, $"{server} does not let user '{credential.User.Cut(80, "…")}' push to '{repository}'",
            "Is the password right, may the user push there, and does the repository exist where it has to be made first?"),
        _ => Failure(
            stage, RemoteCauses.AccessDenied, $"{server} refuses user '{credential.User.Cut(80, "…")}' for '{repository}', or has no such image",
            "Is the password right, and may the user pull this image?"),
    };

    public RemoteFailure RateLimited(EgressReply reply, string stage = Manifest)
    {
        var wait = reply.RetryAfter;
        return new RemoteFailure(new RemoteFault(
            stage, RemoteCauses.RateLimited,
            $"{server} takes no more questions from us now (429)" + (wait is { } time ? FormattableString.Invariant($", for {Math.Ceiling(time.TotalSeconds)} s") : ""),
            credential is null ? "Try again later; a credential for this registry often allows more." : "Try again later.", wait));
    }

    /// <summary>Why the registry did not take something.</summary>
    /// <param name="what">Such as <c>the blob sha256:…</c>.</param>
    public RemoteFailure NotTaken(EgressReply reply, string stage, string what)
    {
        var code = CodeIn(reply.Body);
        var said = code is null ? $"{reply.Status}" : $"{reply.Status} {code}";
        return (reply.Status, code) switch
        {
            (401 or 403, _) => Denied(stage),
            (429, _) => RateLimited(reply, stage),
            (413, _) => Failure(
                stage, RegistryCauses.TooLarge, $"{server} takes nothing as large as {what} ({said})",
                "Raise the limit of the proxy before it (client_max_body_size of nginx, which is 1 MiB unless set), or of the registry."),
            (_, "NAME_INVALID" or "NAME_UNKNOWN") => Failure(
                stage, RegistryCauses.NameRefused, $"{server} has no place for '{repository}' ({said})",
                "Does the name follow its rules, and does the project or repository exist where it has to be made first?"),
            (_, "MANIFEST_INVALID" or "MANIFEST_BLOB_UNKNOWN" or "MANIFEST_UNVERIFIED" or "TAG_INVALID") => Failure(
                stage, RegistryCauses.ManifestRefused, $"{server} does not take {what} ({said})", "Does it take OCI's artifacts, and are the blobs still there that it lists?"),
            (404 or 416, _) or (_, "BLOB_UPLOAD_UNKNOWN" or "BLOB_UPLOAD_INVALID" or "DIGEST_INVALID" or "SIZE_INVALID") => Failure(
                stage, RegistryCauses.UploadBroken, $"{server} got something else than {what} ({said})",
                "Does something on the way change what is sent? With several replicas, does the registry share its storage and its http.secret?"),
            (405, _) or (_, "UNSUPPORTED") => Failure(
                stage, RegistryCauses.Unsupported, $"{server} does not do this with {what} ({said})", "Is it a mirror, or is it set read-only? Deleting has to be allowed (storage.delete.enabled)."),
            ( >= 500, _) => new RemoteFailure(new RemoteFault(
                stage, RemoteCauses.ServerError, $"{server} failed with {what} ({said})", "Its log says why: is its disk full? Try again later.", reply.RetryAfter)),
            _ => Unexpected(reply, stage, server),
        };
    }

    public static RemoteFailure Unexpected(EgressReply reply, string stage, string server) => reply.Status >= 500
        ? new RemoteFailure(new RemoteFault(stage, RemoteCauses.ServerError, $"{server} failed ({reply.Status})", "Its log says why; try again later.", reply.RetryAfter))
        : Failure(stage, RemoteCauses.UnexpectedAnswer, $"{server} answers {reply.Status} ({Type(reply)}), and not as registries do", "Is it a registry, at this host and port?");

    public static RemoteFailure Failure(string stage, string cause, string message, string remedy) => new(new RemoteFault(stage, cause, message, remedy));

    public static string Type(EgressReply reply) => reply.ContentType?.Cut(80, "…") ?? "without a type";

    /// <summary>With what helps where it is a registry that cannot be talked to.</summary>
    public static RemoteFault Remedied(RemoteFault fault) => fault.Cause switch
    {
        EgressCauses.TlsFailed => fault with { Remedy = $"{fault.Remedy} If it is inside and speaks plain http, list it in Registries:PlainHttp." },
        EgressCauses.UnknownIssuer => fault with { Remedy = "Name its authority in Registries:CaFile. Does the server send its intermediate certificates?" },
        _ => fault,
    };

    /// <summary>Whether it is an error as registries write them, and no web server's.</summary>
    public static bool IsRegistrysError(byte[] body)
    {
        using var document = Parse(body);
        return document?.RootElement is { ValueKind: JsonValueKind.Object } root && root.TryGetProperty("errors", out var errors) && errors.ValueKind == JsonValueKind.Array;
    }

    public static JsonDocument? Parse(byte[] body)
    {
        try
        {
            return JsonDocument.Parse(body);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>The specification's name for what is wrong. A server's own words are not repeated.</summary>
    private static string? CodeIn(byte[] body)
    {
        using var document = Parse(body);
        return document?.RootElement is { ValueKind: JsonValueKind.Object } root
            && root.TryGetProperty("errors", out var errors) && errors.ValueKind == JsonValueKind.Array && errors.GetArrayLength() > 0
            && errors[0] is { ValueKind: JsonValueKind.Object } first && first.TryGetProperty("code", out var code) && code.ValueKind == JsonValueKind.String
            && code.GetString() is { Length: > 0 and <= 64 } name && name.All(sign => char.IsAsciiLetterUpper(sign) || sign == '_')
            ? name
            : null;
    }
}
