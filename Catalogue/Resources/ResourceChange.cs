namespace Orrery.Catalogue.Resources;

/// <summary>What a watcher hears.</summary>
internal static class ChangeTypes
{
    public const string Added = "ADDED";
    public const string Modified = "MODIFIED";
    public const string Deleted = "DELETED";
    public const string Bookmark = "BOOKMARK";
}

/// <summary>One resource's part of a revision.</summary>
/// <param name="Resource">As it is after the change; for a deletion as it was, with the deletion's revision.</param>
internal sealed record ResourceChange(long Revision, string Type, StoredResource Resource)
{
    public bool IsDeletion => Type == ChangeTypes.Deleted;
}
