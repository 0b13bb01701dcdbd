using System.Globalization;

namespace Orrery.Builder.Bundles;

/// <summary>Says how far it is: a line for each image and blob, and every few seconds one for what takes long.</summary>
internal sealed class BundleProgress(TextWriter output, TimeProvider time)
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(5);
    private static readonly string[] Units = ["B", "kB", "MB", "GB", "TB"];

    private long _said = time.GetTimestamp();

    public void Say(string line)
    {
        output.WriteLine(line);
        _said = time.GetTimestamp();
    }

    public void Blob(string digest, long size, string what) => Say($"  {Short(digest)}  {Shown(size)}  {what}");

    /// <summary>Said now and then only.</summary>
    public void Advanced(string what, long done, long size)
    {
        if (time.GetElapsedTime(_said) >= Pause)
        {
            Say($"  {what}  {Shown(done)} of {Shown(size)}");
        }
    }

    /// <summary>Enough of a digest for people.</summary>
    public static string Short(string digest) => digest[..Math.Min(digest.Length, digest.IndexOf(':', StringComparison.Ordinal) + 13)];

    public static string Shown(long bytes)
    {
        var (value, unit) = ((double)bytes, 0);
        for (; value >= 1000 && unit < Units.Length - 1; unit++)
        {
            value /= 1000;
        }

        return string.Create(CultureInfo.InvariantCulture, $"{(unit == 0 ? value : Math.Round(value, 1))} {Units[unit]}");
    }
}
