namespace Orrery.WebConsole.Telemetry;

/// <summary>An attribute in OpenTelemetry's sense. Values are kept as they are shown: numbers in invariant form, <c>true</c> and <c>false</c>, lists as JSON.</summary>
public readonly record struct Tag(string Key, string Value);

internal static class TagExtensions
{
    /// <summary>The value under <paramref name="key"/>; <c>null</c> when there is none.</summary>
    public static string? Find(this Tag[] tags, string key)
    {
        foreach (var tag in tags)
        {
            if (tag.Key == key)
            {
                return tag.Value;
            }
        }

        return null;
    }
}
