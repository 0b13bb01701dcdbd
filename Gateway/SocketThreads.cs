namespace Orrery.Gateway;

/// <summary>
/// Whether requests run on the threads that wait for sockets. It saves a gateway that only passes on a fifth of its work, since no request changes
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

    /// <summary>Goes on in the pool where so many bytes are to be looked through.</summary>
    public static PoolAwaitable LeaveFor(long bytes) => new(bytes);

    /// <summary>Goes on in the pool.</summary>
    public static PoolAwaitable Leave() => new(Much);

    internal readonly struct PoolAwaitable(long bytes)
    {
        public PoolAwaiter GetAwaiter() => new(bytes);
    }

    internal readonly struct PoolAwaiter(long bytes) : System.Runtime.CompilerServices.ICriticalNotifyCompletion
    {
        public bool IsCompleted => bytes < Much || Thread.CurrentThread.IsThreadPoolThread;

        public void GetResult()
        {
            // There is none.
        }

        public void OnCompleted(Action continuation) => ThreadPool.QueueUserWorkItem(static go => go(), continuation, preferLocal: false);

        public void UnsafeOnCompleted(Action continuation) => ThreadPool.UnsafeQueueUserWorkItem(static go => go(), continuation, preferLocal: false);
    }
}
