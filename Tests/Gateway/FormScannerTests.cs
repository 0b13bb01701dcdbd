using System.Buffers;
using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Orrery.Gateway;
using Orrery.Gateway.Intake;

namespace Orrery.Tests.Gateway;

/// <summary>However a form is split on its way, it is the same form. A failure prints the seed that repeats it.</summary>
public sealed class FormScannerTests
{
    private static readonly string[] Pieces = ["\r", "\n", "\r\n", "--", "\r\n--", "\r\n--b", "\r\n--bo\r\n--", "x", "\0", "model", "Content-Disposition: form-data; name=\"model\"\r\n\r\n"];

    [Fact]
    public void What_is_found_does_not_depend_on_how_the_bytes_are_split()
    {
        var files = Gen.Elements(Pieces).ListOf().Select(string.Concat).ToArbitrary();
        var cuts = Gen.Choose(1, 40).ListOf().ToArbitrary();
        var orders = Gen.Choose(0, 2).ToArbitrary();
        Prop.ForAll(files, cuts, orders, (file, sizes, order) =>
        {
            const string model = "--bound\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\nthe/model";
            var content = $"--bound\r\nContent-Disposition: form-data; name=\"file\"; filename=\"x\"\r\n\r\n{file}";
            const string stream = "--bound\r\nContent-Disposition: form-data; name=stream\r\n\r\nTrue";
            string[] parts = order == 0 ? [model, content, stream] : order == 1 ? [content, stream, model] : [stream, content, model];
            var body = string.Join("\r\n", parts) + "\r\n--bound--\r\nwhat follows";
            var (scanner, kept) = Scan(Encoding.Latin1.GetBytes(body), [.. sizes]);
            Assert.Null(scanner.Check());
            Assert.Equal(("the/model", true), (scanner.ModelName, scanner.Stream));
            Assert.Equal(body[..^"\r\nwhat follows".Length], kept);
            Assert.Equal(model["--bound\r\n".Length..], kept[(int)scanner.ModelPart.Start..(int)scanner.ModelPart.End]);
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void Fields_and_files_that_are_kept_are_found_wherever_the_bytes_are_split()
    {
        var files = Gen.Elements(Pieces).ListOf().Select(string.Concat).ToArbitrary();
        var cuts = Gen.Choose(1, 40).ListOf().ToArbitrary();
        Prop.ForAll(files, cuts, Gen.Choose(0, 2).ToArbitrary(), (file, sizes, order) =>
        {
            const string model = "--bound\r\nContent-Disposition: form-data; name=model\r\n\r\nthe/model";
            const string prompt = "--bound\r\nContent-Disposition: form-data; name=\"prompt\"\r\n\r\nA cat\r\n--bou and a dog";
            var content = $"--bound\r\nContent-Disposition: form-data; name=\"input_reference\"; filename=\"x\"\r\n\r\n{file}";
            string[] parts = order == 0 ? [model, content, prompt] : order == 1 ? [content, prompt, model] : [prompt, model, content];
            var (scanner, kept) = Scan(Encoding.Latin1.GetBytes(string.Join("\r\n", parts) + "\r\n--bound--"), [.. sizes], Operation.VideoGeneration);
            Assert.Null(scanner.Check());
            Assert.Equal("the/model", scanner.ModelName);
            Assert.Equal([KeyValuePair.Create("prompt", "A cat\r\n--bou and a dog")], scanner.Fields);
            var found = Assert.Single(scanner.Files);
            Assert.Equal(("input_reference", file), (found.Name, kept[(int)found.Start..(int)found.End]));
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void A_form_cut_anywhere_is_not_whole()
    {
        const string body = "--bound\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\nx\r\n--bound\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\nm\r\n--bound--";
        for (var length = 0; length < body.Length; length++)
        {
            var (scanner, _) = Scan(Encoding.Latin1.GetBytes(body[..length]), [3]);
            Assert.Equal("invalid_form", scanner.Check()?.Code);
        }

        Assert.Null(Scan(Encoding.Latin1.GetBytes(body), [3]).Scanner.Check());
    }

    /// <summary>As the intake does it: what is not taken is seen again, with more behind it. Every piece is a segment of its own.</summary>
    private static (FormScanner Scanner, string Kept) Scan(byte[] body, int[] sizes, Operation? operation = null)
    {
        var scanner = new FormScanner("bound", operation ?? Operation.Transcription);
        var kept = new StringBuilder();
        var (start, end, turn) = (0, 0, 0);
        var segments = new List<(int Start, int End)>();
        while (end < body.Length && !scanner.IsAtEnd && scanner.Fault is null)
        {
            var next = Math.Min(body.Length, end + (sizes.Length == 0 ? 1 : sizes[turn++ % sizes.Length]));
            segments.Add((end, next));
            end = next;
            var done = (int)scanner.Scan(Sequence(body, segments, start));
            kept.Append(Encoding.Latin1.GetString(body, start, done));
            start += done;
            segments.RemoveAll(segment => segment.End <= start);
        }

        return (scanner, kept.ToString());
    }

    private static ReadOnlySequence<byte> Sequence(byte[] body, List<(int Start, int End)> segments, int start)
    {
        Segment? first = null, last = null;
        foreach (var (from, to) in segments)
        {
            last = new Segment(body.AsMemory(Math.Max(from, start)..to), last);
            first ??= last;
        }

        return first is null ? default : new ReadOnlySequence<byte>(first, 0, last!, last!.Memory.Length);
    }

    private sealed class Segment : ReadOnlySequenceSegment<byte>
    {
        public Segment(ReadOnlyMemory<byte> memory, Segment? previous)
        {
            Memory = memory;
            if (previous is not null)
            {
                RunningIndex = previous.RunningIndex + previous.Memory.Length;
                previous.Next = this;
            }
        }
    }
}
