using System.Text.RegularExpressions;
using Orrery.Contracts;

namespace Orrery.Catalogue.Licences;

/// <summary>What an acceptance must say, with the link to read where the catalogue knows it.</summary>
internal static partial class AcceptanceRules
{
    private const int LongestName = 256;

    public static void Check(LicenceAcceptanceSpec spec, FieldErrors errors)
    {
        spec.Validate(errors);
        if (spec.Licence is { } named && !KnownLicences.IsName(named))
        {
            errors.Add("spec.licence", named, "a licence's name");
            return;
        }

        if (spec is { Licence: { } licence, Text: null })
        {
            var link = KnownLicences.Find(licence)?.Link;
            errors.Add(
                "spec.text", null, "required with licence: the link of the text that was read" + (link is null ? "" : $", {link}"),
                link is null ? "GET /licences shows the links of the licences that are known." : $"Read it, then write text: \"{link}\".");
        }

        if (spec.RemoteCode is { } name && (name.Length > LongestName || name.Any(char.IsControl)))
        {
            errors.Add("spec.remoteCode", name, $"a repository, a folder of the cache or a model's id: at most {LongestName} characters, none of them a control character");
        }

        if (spec.Revision is { } revision && (!RevisionForm.IsMatch(revision) || PartOfCommit.IsMatch(revision)))
        {
            errors.Add("spec.revision", revision, "a whole commit of 40 hexadecimal digits, a tag, or the digest of a Dockerfile: sha256:…", "GET /models/{id}/gate names the one that is to be accepted; without revision any is.");
        }
    }

    [GeneratedRegex(@"^([A-Za-z0-9][A-Za-z0-9._/-]{0,127}|sha256:[0-9a-f]{64})\z")]
    private static partial Regex RevisionForm { get; }

    /// <summary>It is compared with whole ones, and would open nothing.</summary>
    [GeneratedRegex(@"^[0-9a-fA-F]{7,39}\z")]
    private static partial Regex PartOfCommit { get; }
}
