using System.Text.Json;
using Orrery.Catalogue.Resources;

namespace Orrery.Catalogue.Licences;

/// <summary>Who gave a LicenceAcceptance as it stands, and when: what it says is theirs, and a label that somebody changes later is not.</summary>
internal sealed record AcceptanceStatus(string AcceptedBy, DateTimeOffset AcceptedAt)
{
    /// <summary>What was stored before this was noted has its last writer and its beginning.</summary>
    public static AcceptanceStatus Of(StoredResource acceptance) => Read(acceptance.Status) ?? new(acceptance.ChangedBy, acceptance.Metadata.CreationTimestamp ?? default);

    public JsonElement ToJson() => JsonSerializer.SerializeToElement(this, LicencesJson.Default.AcceptanceStatus);

    private static AcceptanceStatus? Read(JsonElement? status)
    {
        // A service may have written another.
        return status is { ValueKind: JsonValueKind.Object } told
            && told.TryGetProperty("acceptedBy", out var by) && by.ValueKind == JsonValueKind.String
            && told.TryGetProperty("acceptedAt", out var at) && at.ValueKind == JsonValueKind.String && at.TryGetDateTimeOffset(out var time)
            ? new(by.GetString()!, time)
            : null;
    }
}
