namespace Orrery.Contracts;

/// <summary>Where weights come from: one of the two.</summary>
public sealed record WeightsSource
{
    /// <summary>A repository of the hub: <c>acme/support-8b</c>.</summary>
    public string? Repo { get; init; }

    /// <summary>Its commit or tag.</summary>
    public string? Revision { get; init; }

    /// <summary>Or a folder of the cache, relative to it: <c>own/support-8b</c>.</summary>
    public string? Path { get; init; }

    internal void Validate(FieldErrors errors, string path)
    {
        if (Repo is null == Path is null)
        {
            errors.Add(path, null, "either repo or path");
        }

        if (Repo is not null && Repo.Split('/') is not [{ Length: > 0 }, { Length: > 0 }])
        {
            errors.Add($"{path}.repo", Repo, "a repository as owner/name");
        }

        if (Path is not null && (Path.Length is 0 or > 512 || Path.StartsWith('/') || Path.Split('/').Any(part => part is "" or "." or "..") || Path.Any(c => c is < ' ' or '\\' or '\x7f')))
        {
            errors.Add($"{path}.path", Path, "a folder relative to the cache, without '..'");
        }

        if (Revision is not null && Path is not null)
        {
            errors.Add($"{path}.revision", Revision, "no revision with a path");
        }
    }
}
