using System.Runtime.CompilerServices;

namespace Orrery.Gateway;

/// <summary>
/// Whether requests run on the threads that wait for sockets. It saves a gateway that only passes on a seventh of its work, since no request changes
/// threads; in return nothing may wait there, and who has much to compute goes to the pool first.
/// </summary>
internal static class SocketThreads
{
    /// <summary>Bytes that are looked through on a pool thread: more would keep other connections waiting.</summary>
    private const int Much = 64 << 10;

    public static bool ServeRequests(IConfiguration configuration) =>
        configuration.GetValue($"{GatewayOptions.Section}:{nameof(GatewayOptions.InlineSockets)}", true);

    /// <summary>The runtime reads it when the first socket of the process is used.</summary>
    public static void Use(IConfiguration configuration) =>
        Environment.SetEnvironmentVariable("DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS", ServeRequests(configuration) ? "1" : "0");

    /// <summary>Goes on in the pool.</summary>
    public static ConfiguredTaskAwaitable Leave() => LeaveFor(Much);

    /// <summary>Goes on in the pool where so many bytes are to be looked through.</summary>
    public static ConfiguredTaskAwaitable LeaveFor(long bytes) => Task.CompletedTask.ConfigureAwait(
        bytes < Much || Thread.CurrentThread.IsThreadPoolThread ? ConfigureAwaitOptions.None : ConfigureAwaitOptions.ForceYielding);
}
