using System.Buffers;
using System.Net.Sockets;

namespace Aspire.Hosting.Proxy;

/// <summary>One direction of a connection.</summary>
internal static class Half
{
    /// <summary>Copies until <paramref name="from"/> says that it sends no more, and says so to <paramref name="to"/>: the other direction may go on. Waits as long as it takes.</summary>
    public static async Task CopyAsync(Socket from, Socket to, CancellationToken stop)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(32 * 1024);
        try
        {
            while (await from.ReceiveAsync(buffer, SocketFlags.None, stop) is > 0 and var read)
            {
                for (var sent = 0; sent < read;)
                {
                    sent += await to.SendAsync(buffer.AsMemory(sent, read - sent), SocketFlags.None, stop);
                }
            }

            to.Shutdown(SocketShutdown.Send);
        }
        catch
        {
            // Ends the other direction too, which may be waiting for bytes that will never come.
            from.Dispose();
            to.Dispose();
            throw;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
