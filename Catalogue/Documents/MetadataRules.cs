using System.Text.RegularExpressions;
using Orrery.Contracts;

namespace Orrery.Catalogue.Documents;

/// <summary>What names, labels and annotations may be.</summary>
internal static partial class MetadataRules
{
    private const int MaxAnnotationCharacters = 16 * 1024;

    public static void Validate(ResourceMetadata metadata, FieldErrors errors)
    {
        errors.RequireName("metadata.name", metadata.Name);
        errors.RequireName("metadata.namespace", metadata.Namespace);
        foreach (var (key, value) in metadata.Labels ?? new Dictionary<string, string>())
        {
            RequireKey(errors, "metadata.labels", key);
            if (!LabelValue.IsMatch(value))
            {
                errors.Add($"metadata.labels.{key}", value, "at most 63 letters, digits, '-', '_' and '.'");
            }
        }

        foreach (var (key, value) in metadata.Annotations ?? new Dictionary<string, string>())
        {
            RequireKey(errors, "metadata.annotations", key);
            if (value.Length > MaxAnnotationCharacters)
            {
                errors.Add($"metadata.annotations.{key}", null, $"at most {MaxAnnotationCharacters} characters");
            }
        }

        if (metadata.ResourceVersion is { Length: > 0 } version && !long.TryParse(version, System.Globalization.CultureInfo.InvariantCulture, out _))
        {
            errors.Add("metadata.resourceVersion", version, "the resourceVersion of an earlier answer, or none");
        }
    }

    private static void RequireKey(FieldErrors errors, string path, string key)
    {
        if (!Key.IsMatch(key))
        {
            errors.Add($"{path}.{key}", null, "a key of 1 to 253 letters, digits, '-', '_', '.' and '/'");
        }
    }

    [GeneratedRegex(@"^[A-Za-z0-9][A-Za-z0-9_./-]{0,252}\z")]
    private static partial Regex Key { get; }

    [GeneratedRegex(@"^[A-Za-z0-9_.-]{0,63}\z")]
    private static partial Regex LabelValue { get; }
}
