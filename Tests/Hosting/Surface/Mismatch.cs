namespace Orrery.Tests.Hosting.Surface;

/// <summary>In what a declaration of the bundled host differs from Aspire's.</summary>
internal static class Mismatch
{
    /// <param name="table">Aspire's API.</param>
    /// <param name="type">A type of the bundled host.</param>
    /// <param name="rows">Those of its members that are compared.</param>
    public static IEnumerable<string> Of(AspireTable table, Type type, IEnumerable<string> rows)
    {
        var name = DeclarationText.Name(type);
        if (table.Find(name) is not { } real)
        {
            // The compiler infers a lambda's parameter types: their names get into the assembly though nobody wrote them.
            if (rows.Any() || !table.Mentions(name))
            {
                yield return $"{name}: Aspire's table has no such type.";
            }

            yield break;
        }

        foreach (var (what, ours, theirs) in new[]
        {
            ("namespace", type.Namespace, real.Namespace),
            ("kind", DeclarationText.Kind(type), real.Kind),
            ("experimental id", DeclarationText.Mark(type), real.Mark),
        })
        {
            if (ours != theirs)
            {
                yield return $"{name}: its {what} is '{ours}'; expected '{theirs}'.";
            }
        }

        if (type == typeof(Aspire.Hosting.ApplicationModel.IResourceBuilder<>)
            && !type.GetGenericArguments()[0].GenericParameterAttributes.HasFlag(System.Reflection.GenericParameterAttributes.Covariant))
        {
            yield return $"{name}: expected 'out T'.";
        }

        var bases = table.AllBases(real);
        foreach (var face in DeclarationText.Bases(type).Where(face => !bases.Contains(face)))
        {
            yield return $"{name}: is a {face}; expected only {string.Join(", ", bases)}.";
        }

        foreach (var row in rows.Where(row => !real.Rows.Contains(row)))
        {
            var member = row[..(row.IndexOfAny(['(', ':']) is > 0 and var end ? end : row.Length)].Split('.')[^1];
            var like = real.Rows.Where(other => other.Contains(member, StringComparison.Ordinal));
            yield return $"{name}: no row is\n    {row}\n  like it are\n    {string.Join("\n    ", like)}";
        }
    }
}
