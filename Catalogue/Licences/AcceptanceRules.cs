using Orrery.Contracts;

namespace Orrery.Catalogue.Licences;

/// <summary>What an acceptance must say, with the link to read where the catalogue knows it.</summary>
internal static class AcceptanceRules
{
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
    }
}
