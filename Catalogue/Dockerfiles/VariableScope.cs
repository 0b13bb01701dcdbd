namespace Orrery.Catalogue.Dockerfiles;

/// <summary>The variables that an instruction sees. A name that is here without a value was declared, and its value comes with the build.</summary>
/// <param name="isGlobal">Before the first FROM no base image sets anything: what is not declared is not there.</param>
internal sealed class VariableScope(bool isGlobal)
{
    /// <summary>What BuildKit sets itself.</summary>
    private static readonly HashSet<string> OfTheBuild = new(StringComparer.Ordinal)
    {
        "TARGETPLATFORM", "TARGETOS", "TARGETARCH", "TARGETVARIANT", "TARGETSTAGE", "BUILDPLATFORM", "BUILDOS", "BUILDARCH", "BUILDVARIANT",
        "HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "FTP_PROXY", "ftp_proxy", "NO_PROXY", "no_proxy", "ALL_PROXY", "all_proxy", "SOURCE_DATE_EPOCH",
    };

    private readonly Dictionary<string, string?> _values = new(StringComparer.Ordinal);

    public IEnumerable<string> Names => _values.Keys;

    public bool IsGlobal => isGlobal;

    public static VariableScope Empty { get; } = new(isGlobal: false);

    public void Set(string name, string? value) => _values[name] = value;

    public bool Has(string name) => _values.ContainsKey(name);

    public string? Find(string name) => _values.GetValueOrDefault(name);

    public bool IsOfTheBuild(string name) => OfTheBuild.Contains(name) && Find(name) is null;

    public bool IsDeclared(string name) => _values.ContainsKey(name) || OfTheBuild.Contains(name);

    public VariableScope Copy()
    {
        var copy = new VariableScope(isGlobal);
        foreach (var (name, value) in _values)
        {
            copy._values[name] = value;
        }

        return copy;
    }
}
