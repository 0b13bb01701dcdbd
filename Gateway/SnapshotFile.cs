using System.Text.Json;
using Orrery.Contracts;

namespace Orrery.Gateway;

/// <summary>The last good snapshot on disk, so that a gateway starts while the Catalogue is away. Secrets in it stay sealed.</summary>
internal sealed partial class SnapshotFile(DataSlot slot, ILogger<SnapshotFile> logger)
{
    private const string Name = "snapshot.json";

    /// <summary>Replaces the copy by an atomic rename; readable by this user only.</summary>
    public async Task SaveAsync(SnapshotDocument document, CancellationToken cancellationToken)
    {
        var path = Path.Combine(slot.Directory, Name);
        var unfinished = path + ".new";
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        try
        {
            await using (var file = new FileStream(unfinished, options))
            {
                await JsonSerializer.SerializeAsync(file, document, ContractsJson.Default.SnapshotDocument, cancellationToken);
                await file.FlushAsync(cancellationToken);
                RandomAccess.FlushToDisk(file.SafeFileHandle);
            }

            File.Move(unfinished, path, overwrite: true);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            Log.NotSaved(logger, path, error);
        }
    }

    /// <summary>The newest copy that any replica of this directory has left, in a format that this release reads; else <c>null</c>.</summary>
    public async Task<SnapshotDocument?> LoadAsync(CancellationToken cancellationToken)
    {
        SnapshotDocument? newest = null;
        foreach (var path in slot.FilesOfAllSlots(Name))
        {
            if (await ReadAsync(path, cancellationToken) is { } document && document.Revision > (newest?.Revision ?? long.MinValue))
            {
                newest = document;
            }
        }

        return newest;
    }

    private async Task<SnapshotDocument?> ReadAsync(string path, CancellationToken cancellationToken)
    {
        try
        {
            await using var file = File.OpenRead(path);
            var document = await JsonSerializer.DeserializeAsync(file, ContractsJson.Default.SnapshotDocument, cancellationToken);
            if (document is { Format: >= SnapshotDocument.OldestFormat and <= SnapshotDocument.CurrentFormat })
            {
                return document;
            }

            Log.OtherFormat(logger, path, document?.Format ?? 0, SnapshotDocument.OldestFormat, SnapshotDocument.CurrentFormat);
        }
        catch (Exception error) when (error is JsonException or IOException or UnauthorizedAccessException)
        {
            Log.NotRead(logger, path, error);
        }

        return null;
    }

    private static partial class Log
    {
        [LoggerMessage(211, LogLevel.Warning, "The snapshot could not be kept at {Path}; a restart while the Catalogue is away would find an older one", EventName = "SnapshotNotSaved")]
        public static partial void NotSaved(ILogger logger, string path, Exception error);

        [LoggerMessage(212, LogLevel.Warning, "The snapshot at {Path} cannot be read and is passed over", EventName = "SnapshotNotRead")]
        public static partial void NotRead(ILogger logger, string path, Exception error);

        [LoggerMessage(213, LogLevel.Warning, "The snapshot at {Path} has format {Format}; this release reads {Oldest} to {Newest}", EventName = "SnapshotFormatOnDisk")]
        public static partial void OtherFormat(ILogger logger, string path, int format, int oldest, int newest);
    }
}
