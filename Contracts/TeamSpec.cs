namespace Orrery.Contracts;

/// <summary>Access keys that belong together and share limits. A key names its team in <c>spec.team</c>.</summary>
public sealed record TeamSpec
{
    /// <summary>The name for people; the resource's where absent.</summary>
    public string? DisplayName { get; init; }

    public string? Description { get; init; }

    /// <summary>What routes may match on.</summary>
    public IReadOnlyList<string>? Tags { get; init; }

    /// <summary>What all keys of the team may use together.</summary>
    public Limits? Limits { get; init; }

    public void Validate(FieldErrors errors)
    {
        for (var i = 0; i < Tags?.Count; i++)
        {
            if (string.IsNullOrWhiteSpace(Tags[i]) || Tags[i].Length > 64 || Tags[i].Any(char.IsControl) || Tags[i] != Tags[i].Trim())
            {
                errors.Add($"spec.tags[{i}]", Tags[i], "1 to 64 characters without control characters or surrounding blanks");
            }
        }

        Limits?.Validate(errors, "spec.limits");
    }
}
