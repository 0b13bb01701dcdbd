using System.Formats.Tar;
using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Orrery.Builder.SupplyChain.Parts;
using Orrery.Tests.Images;

namespace Orrery.Tests.Builder.SupplyChain;

/// <summary>Archives of all formats, of the framework and of tar itself, and such as nobody should unpack.</summary>
public sealed class LayerTarTests
{
    private static readonly LayerLimits Small = new(Bytes: 8 << 20, Entries: 1000, FileBytes: 1 << 20, Packages: 100);

    private static async Task<List<(LayerEntry Entry, byte[] Content)>> Read(byte[] archive, LayerLimits? limits = null)
    {
        var tar = new LayerTar(new MemoryStream(archive), limits ?? Small);
        var found = new List<(LayerEntry, byte[])>();
        while (await tar.NextAsync(TestContext.Current.CancellationToken) is { } entry)
        {
            // Every second one is passed over without being read.
            found.Add((entry, entry.IsFile && found.Count % 2 == 0 ? await tar.ReadAsync(entry, 1 << 20, TestContext.Current.CancellationToken) : []));
        }

        return found;
    }

    private static async Task<string> FaultOf(byte[] archive, LayerLimits? limits = null) => (await Assert.ThrowsAsync<LayerException>(() => Read(archive, limits))).Message;

    private static byte[] Archive(TarEntryFormat format, IEnumerable<(string Name, byte[] Content)> files)
    {
        using var stream = new MemoryStream();
        using (var writer = new TarWriter(stream, format, leaveOpen: true))
        {
            foreach (var (name, content) in files)
            {
                TarEntry entry = format switch
                {
                    TarEntryFormat.Pax => new PaxTarEntry(TarEntryType.RegularFile, name),
                    TarEntryFormat.Gnu => new GnuTarEntry(TarEntryType.RegularFile, name),
                    _ => new UstarTarEntry(TarEntryType.RegularFile, name),
                };
                entry.DataStream = new MemoryStream(content);
                writer.WriteEntry(entry);
            }
        }

        return stream.ToArray();
    }

    [Fact]
    public void What_the_framework_writes_is_read_whatever_the_format() =>
        Prop.ForAll(
            ArbMap.Default.ArbFor<(byte Length, byte[] Content)[]>(),
            ArbMap.Default.ArbFor<bool>(),
            (files, isPax) =>
            {
                var written = files.Select((file, i) => ($"folder/{i}-{new string('ä', file.Length)}", file.Content ?? [])).ToList();
                var read = Read(Archive(isPax ? TarEntryFormat.Pax : TarEntryFormat.Gnu, written)).GetAwaiter().GetResult();
                return read.Select(one => one.Entry.Path).SequenceEqual(written.Select(one => one.Item1))
                    && read.Where((_, i) => i % 2 == 0).Select(one => one.Content).Zip(written.Where((_, i) => i % 2 == 0)).All(pair => pair.First.SequenceEqual(pair.Second.Item2));
            }).QuickCheckThrowOnFailure();

    [Theory]
    [InlineData("ustar")]
    [InlineData("gnu")]
    [InlineData("pax")]
    public async Task What_tar_writes_is_read_with_links_and_holes(string format)
    {
        var folder = Directory.CreateTempSubdirectory("orrery-tar-").FullName;
        var name = new string('n', 90);
        Directory.CreateDirectory(Path.Combine(folder, "content", name));
        await File.WriteAllTextAsync(Path.Combine(folder, "content", name, "file"), "text", TestContext.Current.CancellationToken);
        await using (var holes = new FileStream(Path.Combine(folder, "content", "sparse"), FileMode.Create))
        {
            for (var i = 0; i < 40; i++)
            {
                holes.Seek(i * 100_000, SeekOrigin.Begin);
                holes.WriteByte(1);
            }
        }

        _ = (await Command.RunAsync("sh", "-c", $"cd {folder}/content && ln {name}/file hard && ln -s {name}/file soft && tar --format={format} {(format == "ustar" ? "" : "-S")} -cf ../archive --sort=name . ")).Text;
        var entries = (await Read(await File.ReadAllBytesAsync(Path.Combine(folder, "archive"), TestContext.Current.CancellationToken))).Select(one => one.Entry).ToList();
        Directory.Delete(folder, recursive: true);
        Assert.Equal(6, entries.Count);
        Assert.Null(entries[0].Path); // "."
        Assert.Contains(entries, entry => entry is { IsHardLink: true } && (entry.Path, entry.Target) is ("hard", _) or (_, "hard"));
        Assert.Contains(entries, entry => entry.Type == '2' && entry.Path == "soft" && entry.Target == $"{name}/file");
        Assert.Contains(entries, entry => entry.Path == $"{name}/file");
    }

    [Fact]
    public async Task What_is_no_archive_or_leads_out_of_one_is_not_followed()
    {
        Assert.Equal("it is no tar archive", await FaultOf(Encoding.ASCII.GetBytes(new string('x', 2000))));
        Assert.Equal("it ends in the middle of an entry", await FaultOf(Archive(TarEntryFormat.Ustar, [("a", new byte[5000])])[..2000]));
        Assert.Equal("it ends in the middle of an entry", await FaultOf(new byte[100].Select(_ => (byte)'a').ToArray()));
        Assert.Empty(await Read([]));
        Assert.Equal([null, "b/c"], (await Read(Archive(TarEntryFormat.Ustar, [("../../etc/passwd", []), ("/b//./c", [])]))).Select(one => one.Entry.Path));
    }

    [Fact]
    public async Task What_would_fill_memory_or_time_is_ended()
    {
        Assert.Equal("it unpacks to more than 8388608 bytes", await FaultOf(Archive(TarEntryFormat.Ustar, [("big", new byte[9 << 20])])));
        Assert.Equal("it has more than 1000 entries", await FaultOf(Archive(TarEntryFormat.Ustar, Enumerable.Range(0, 1001).Select(i => ($"{i}", Array.Empty<byte>())))));
        var huge = Header("x", 'x', "77777777777");
        Assert.Equal("it has an extended header of 8589934591 bytes, and 1048576 are the most", await FaultOf(huge));
        Assert.Equal("it has an extended header of 8589934591 bytes, and 1048576 are the most", await FaultOf(Header("x", 'L', "77777777777")));
        Assert.Equal("it has an entry with an impossible size", await FaultOf(Header("x", '0', "\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff")));
        Assert.Equal("it ends in the middle of an entry", await FaultOf(Header("x", '0', "77777777777")));
    }

    private static byte[] Header(string name, char type, string size)
    {
        var header = new byte[512];
        Encoding.Latin1.GetBytes(name, header);
        Encoding.Latin1.GetBytes(size, header.AsSpan(124));
        header[156] = (byte)type;
        header.AsSpan(148, 8).Fill((byte)' ');
        var sum = header.Sum(part => part);
        Encoding.ASCII.GetBytes(Convert.ToString(sum, 8).PadLeft(6, '0') + "\0 ", header.AsSpan(148));
        return header;
    }
}
