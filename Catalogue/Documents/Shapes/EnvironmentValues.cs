namespace Orrery.Catalogue.Documents.Shapes;

/// <summary>The variables of the Catalogue's environment that documents may read: those that the operator has listed, and no others.</summary>
/// <param name="names">What may be read; <c>null</c>: the caller may read nothing.</param>
internal sealed class EnvironmentValues(IReadOnlyCollection<string>? names)
{
    public static readonly EnvironmentValues None = new(null);

    /// <param name="expectation">What was expected instead, where it cannot be read.</param>
    /// <param name="remedy">What to do about it.</param>
    public bool TryRead(string name, out string value, out string expectation, out string? remedy)
    {
        (value, expectation, remedy) = ("", "", null);
        if (names is null)
        {
            expectation = "no variable: only administrators of the namespace 'default' and the installation's own configuration may read the Catalogue's environment";
            remedy = "Put the value into a Secret and write ${secrets.get('secret', 'key')}.";
            return false;
        }

        if (!names.Contains(name))
        {
            expectation = $"a variable that documents may read: {(names.Count == 0 ? "none is listed" : string.Join(", ", names.Order(StringComparer.Ordinal)))}";
            remedy = $"List '{name}' in the Catalogue's setting Catalogue:{nameof(CatalogueOptions.EnvironmentNames)} (Catalogue__{nameof(CatalogueOptions.EnvironmentNames)}__0), or put the value into a Secret.";
            return false;
        }

        if (Environment.GetEnvironmentVariable(name) is not { Length: > 0 } found)
        {
            (expectation, remedy) = ($"a variable that is set; '{name}' is listed and not set", $"Set {name} in the Catalogue's environment and start it anew.");
            return false;
        }

        value = found;
        return true;
    }
}
