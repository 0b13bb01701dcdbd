using System.Text;
using System.Text.Json;
using Orrery.Gateway;
using Orrery.Gateway.Usage;

namespace Orrery.Tests.Gateway;

/// <summary>What a segment file holds comes out whole, once and in its order, whatever a crash has left between.</summary>
public sealed class SegmentReaderTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public async Task Events_between_torn_and_foreign_lines(int seed)
    {
        var random = new Random(seed);
        var expected = new List<int>();
        var file = new StringBuilder();
        var foreign = 0;
        for (var i = 0; i < 3_000; i++)
        {
            switch (random.Next(8))
            {
                case 0:
                    file.Append('\0', random.Next(1, 50)).Append('\n');
                    foreign++;
                    break;
                case 1:
                    file.Append("{\"i\":").Append(i).Append('\n');
                    foreign++;
                    break;
                case 2 when i % 100 == 0:
                    file.Append("{\"i\":").Append(i).Append(",\"long\":\"").Append('x', random.Next(100_000, 400_000)).Append("\"}\n");
                    expected.Add(i);
                    break;
                default:
                    file.Append("{\"i\":").Append(i).Append(",\"some\":\"").Append('y', random.Next(300)).Append("\"}\n");
                    expected.Add(i);
                    break;
            }
        }

        file.Append("{\"i\":9");
        var pool = new BufferPool();
        var read = new List<int>();
        var most = random.Next(1, 500);
        var path = Path.GetTempFileName();
        try
        {
            await File.WriteAllTextAsync(path, file.ToString(), TestContext.Current.CancellationToken);
            using var reader = new SegmentReader(path, pool);
            while (await reader.ReadAsync(most, TestContext.Current.CancellationToken))
            {
                Assert.InRange(reader.Count, 1, most);
                var start = random.Next(reader.Count); // Any run of them is the inside of an array.
                Assert.Equal(reader.Count - start, Indices(reader.Events(start, reader.Count - start)).Count);
                read.AddRange(Indices(reader.Events(0, reader.Count)));
            }

            Assert.Equal(foreign, reader.Skipped);
        }
        finally
        {
            File.Delete(path);
        }

        Assert.Equal(expected, read);
        Assert.Equal(0, pool.Outstanding);
    }

    private static List<int> Indices(ReadOnlyMemory<byte> events)
    {
        using var array = JsonDocument.Parse((byte[])[(byte)'[', .. events.Span, (byte)']']);
        return [.. array.RootElement.EnumerateArray().Select(one => one.GetProperty("i").GetInt32())];
    }
}
