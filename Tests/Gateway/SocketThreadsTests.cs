using Microsoft.Extensions.Configuration;
using Orrery.Gateway;

namespace Orrery.Tests.Gateway;

/// <summary>Who has much to look through leaves the thread that serves sockets; who has little stays.</summary>
public sealed class SocketThreadsTests
{
    [Theory]
    [InlineData(100, false)]
    [InlineData(64 << 10, true)]
    public async Task Much_goes_on_in_the_pool_and_little_where_it_is(long bytes, bool leaves)
    {
        var isPool = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        var thread = new Thread(() => _ = GoOnAsync()) { IsBackground = true };
        thread.Start();
        Assert.Equal(leaves, await isPool.Task.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken));

        async Task GoOnAsync()
        {
            await SocketThreads.LeaveFor(bytes);
            isPool.SetResult(Thread.CurrentThread.IsThreadPoolThread);
        }
    }

    [Theory]
    [InlineData(null, true)]
    [InlineData("false", false)]
    public void It_is_on_unless_switched_off(string? value, bool expected) =>
        Assert.Equal(expected, SocketThreads.ServeRequests(new ConfigurationBuilder().AddInMemoryCollection([new("Gateway:InlineSockets", value)]).Build()));
}
