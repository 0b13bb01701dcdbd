using Orrery.Contracts;

namespace Orrery.Bench.Growth;

/// <summary>What the Catalogue sends when one access key changes.</summary>
internal static class KeyChange
{
    public static SnapshotDelta Of(SnapshotDocument document, int version)
    {
        var key = Platform.Key(version % document.Keys.Count, document.Teams.Count, document.Models.Count, version);
        return new SnapshotDelta { From = document.Revision, Revision = document.Revision + 1, Keys = [key] };
    }
}
