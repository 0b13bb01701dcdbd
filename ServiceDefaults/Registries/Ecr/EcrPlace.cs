using System.Text.RegularExpressions;

namespace Orrery.ServiceDefaults.Registries.Ecr;

/// <summary>Where a private registry of Amazon ECR is at home, which its host says: <c>ACCOUNT.dkr.ecr.REGION.amazonaws.com</c>.</summary>
/// <param name="Domain"><c>amazonaws.com</c>, in China <c>amazonaws.com.cn</c>.</param>
internal sealed partial record EcrPlace(string Region, string Domain, bool IsFips)
{
    public Uri Api => new($"https://{(IsFips ? "ecr-fips" : "api.ecr")}.{Region}.{Domain}/");

    public Uri Sts => new($"https://sts.{Region}.{Domain}/");

    /// <summary><c>null</c>: it is another registry; <c>public.ecr.aws</c> lets everybody pull.</summary>
    public static EcrPlace? Of(string? registry) => registry is not null && Host.Match(registry) is { Success: true } match
        ? new EcrPlace(match.Groups["region"].Value, match.Groups["domain"].Value, match.Groups["fips"].Success)
        : null;

    [GeneratedRegex(@"^[0-9]{12}\.dkr\.ecr(?<fips>-fips)?\.(?<region>[a-z]{2}(?:-[a-z]{2,16}){1,3}-[0-9]{1,2})\.(?<domain>amazonaws\.com(?:\.cn)?)$", RegexOptions.CultureInvariant)]
    private static partial Regex Host { get; }
}
