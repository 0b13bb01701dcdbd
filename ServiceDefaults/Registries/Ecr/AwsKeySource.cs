using System.Globalization;
using System.Text;
using System.Xml;
using System.Xml.Linq;
using Orrery.ServiceDefaults.Egress;

namespace Orrery.ServiceDefaults.Registries.Ecr;

/// <summary>
/// Who we are at AWS, as its own tools find out: by keys in the environment, or by the token of a Kubernetes service account that stands for a role
/// (<c>AWS_ROLE_ARN</c>, <c>AWS_WEB_IDENTITY_TOKEN_FILE</c>), which EKS sets. A machine's own role (its metadata address) is not asked for: nothing goes there.
/// </summary>
/// <param name="variable">Reads a variable of the environment.</param>
internal sealed class AwsKeySource(EgressClient client, EcrOptions options, Func<string, string?> variable)
{
    private const string Stage = "token";
    private const int LongestAnswer = 64 << 10;
    private const int LongestToken = 32 << 10;

    public bool HasAny => HasKeys || (variable("AWS_ROLE_ARN") is { Length: > 0 } && variable("AWS_WEB_IDENTITY_TOKEN_FILE") is { Length: > 0 });

    private bool HasKeys => variable("AWS_ACCESS_KEY_ID") is { Length: > 0 } && variable("AWS_SECRET_ACCESS_KEY") is { Length: > 0 };

    /// <exception cref="RemoteFailure">There are none, or STS gives none.</exception>
    public async Task<AwsKeys> FindAsync(EcrPlace place, CancellationToken cancellationToken) => HasKeys
        ? new AwsKeys(variable("AWS_ACCESS_KEY_ID")!, variable("AWS_SECRET_ACCESS_KEY")!, variable("AWS_SESSION_TOKEN") is { Length: > 0 } token ? token : null, null)
        : await AssumeAsync(options.StsEndpoint is { Length: > 0 } url ? new Uri(url) : place.Sts, cancellationToken);

    private async Task<AwsKeys> AssumeAsync(Uri sts, CancellationToken cancellationToken)
    {
        var form = string.Join('&', new (string Name, string Value)[]
        {
            ("Action", "AssumeRoleWithWebIdentity"),
            ("Version", "2011-06-15"),
            ("RoleArn", variable("AWS_ROLE_ARN")!),
            ("RoleSessionName", variable("AWS_ROLE_SESSION_NAME") is { Length: > 0 } name ? name : "orrery"),
            ("WebIdentityToken", await ReadTokenAsync(variable("AWS_WEB_IDENTITY_TOKEN_FILE")!, cancellationToken)),
        }.Select(field => $"{field.Name}={Uri.EscapeDataString(field.Value)}"));
        var reply = await client.SendAsync(
            new EgressRequest(HttpMethod.Post, sts) { Content = () => new StringContent(form, Encoding.ASCII, "application/x-www-form-urlencoded") }, LongestAnswer, cancellationToken);
        if (reply.Status >= 500)
        {
            throw RegistryFaults.Unexpected(reply, Stage, sts.Authority);
        }

        var answer = Parse(reply.Body);
        if (reply.Status == 200 && Text("AccessKeyId") is { Length: > 0 } id && Text("SecretAccessKey") is { Length: > 0 } secret && Text("SessionToken") is { Length: > 0 } session
            && DateTimeOffset.TryParse(Text("Expiration"), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var expires))
        {
            return new AwsKeys(id, secret, session, expires);
        }

        throw RegistryFaults.Failure(
            Stage, RemoteCauses.AccessDenied, $"{sts.Authority} does not let us take on the role of AWS_ROLE_ARN ({AwsError.Shown(reply.Status, Text("Code"))})",
            "Does the role trust this cluster's issuer and this service account?");

        string? Text(string name) => answer?.Descendants().FirstOrDefault(element => element.Name.LocalName == name)?.Value;
    }

    /// <summary>Anew each time: Kubernetes writes another long before this one ends.</summary>
    private static async Task<string> ReadTokenAsync(string file, CancellationToken cancellationToken)
    {
        try
        {
            await using var stream = File.OpenRead(file);
            if (stream.Length <= LongestToken)
            {
                using var reader = new StreamReader(stream);
                return (await reader.ReadToEndAsync(cancellationToken)).Trim();
            }
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // Said below.
        }

        throw RegistryFaults.Failure(Stage, RemoteCauses.CredentialInvalid, $"the file of AWS_WEB_IDENTITY_TOKEN_FILE, '{file}', cannot be read as a token", "Is the service account's token mounted there?");
    }

    private static XDocument? Parse(byte[] body)
    {
        try
        {
            using var reader = XmlReader.Create(new MemoryStream(body), new XmlReaderSettings { DtdProcessing = DtdProcessing.Prohibit, XmlResolver = null });
            return XDocument.Load(reader);
        }
        catch (XmlException)
        {
            return null;
        }
    }
}

internal static class AwsError
{
    /// <summary>The status and AWS's name for what is wrong, where it is a name.</summary>
    public static string Shown(int status, string? code) =>
        code?[(code.LastIndexOf('#') + 1)..] is { Length: > 0 and <= 64 } name && name.All(char.IsAsciiLetterOrDigit) ? $"{status} {name}" : $"{status}";
}
