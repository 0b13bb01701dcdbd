namespace Orrery.Catalogue.Documents;

/// <summary>Where the fields of a document stand in what its author wrote: names as written, and another place altogether where the document was made from a pasted one.</summary>
internal sealed class PathMap
{
    private readonly Dictionary<string, string> _written = new(StringComparer.Ordinal);

    public void Add(string path, string written) => _written.TryAdd(path, written);

    /// <summary>The place of <paramref name="path"/>, or what stands around it and the rest of the path.</summary>
    public string Of(string path)
    {
        var known = path;
        while (!_written.ContainsKey(known))
        {
            if (known.Length == 0)
            {
                return path;
            }

            known = Parent(known);
        }

        var (written, rest) = (_written[known], path[known.Length..]);
        return written.Length == 0 ? rest.TrimStart('.') : known.Length == 0 && rest.Length > 0 && rest[0] != '[' ? $"{written}.{rest}" : written + rest;
    }

    public static string Join(string path, string name) => path.Length == 0 ? name : $"{path}.{name}";

    public static string Parent(string path) => path[..Math.Max(0, path.LastIndexOfAny(['.', '[']))];
}
