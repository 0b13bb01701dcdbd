using System.Runtime.CompilerServices;
using System.Threading.Channels;

namespace Orrery.WebConsole.Live;

internal static class TogetherExtensions
{
    /// <summary>Gathers what has come by the time the reader is ready for more. A slow reader slows its source down.</summary>
    public static async IAsyncEnumerable<IReadOnlyList<T>> TogetherAsync<T>(this IAsyncEnumerable<T> source, int most, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var channel = Channel.CreateBounded<T>(most);
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var filling = FillAsync(source, channel.Writer, ended.Token);
        try
        {
            while (await channel.Reader.WaitToReadAsync(cancellationToken))
            {
                var batch = new List<T>();
                while (batch.Count < most && channel.Reader.TryRead(out var item))
                {
                    batch.Add(item);
                }

                yield return batch;
            }
        }
        finally
        {
            await ended.CancelAsync();
            await filling;
        }
    }

    private static async Task FillAsync<T>(IAsyncEnumerable<T> source, ChannelWriter<T> writer, CancellationToken cancellationToken)
    {
        try
        {
            await foreach (var item in source.WithCancellation(cancellationToken))
            {
                await writer.WriteAsync(item, cancellationToken);
            }

            writer.Complete();
        }
        catch (Exception error)
        {
            writer.Complete(error); // The reader throws it.
        }
    }
}
