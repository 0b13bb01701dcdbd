using Aspire.Hosting.Proxy;

// Orrery.Hosting.Proxy PORT=TARGET,TARGET… [PORT=…]
// Forwards TCP connections from loopback ports to the loopback ports behind them, until it is told to end.
if (args.Length == 0 || args.Select(ForwardedPort.Parse).ToArray() is var ports && ports.Contains(null))
{
    await Console.Error.WriteLineAsync("usage: Orrery.Hosting.Proxy PORT=TARGET,TARGET... [PORT=...]");
    return 2;
}

using var stop = new CancellationTokenSource();
using var terminate = System.Runtime.InteropServices.PosixSignalRegistration.Create(System.Runtime.InteropServices.PosixSignal.SIGTERM, signal =>
{
    signal.Cancel = true;
    stop.Cancel();
});
try
{
    var running = ports.Select(port => port!.Listen(stop.Token)).ToList();
    Console.WriteLine("listening");
    await Task.WhenAll(running);
    return 0;
}
catch (System.Net.Sockets.SocketException error)
{
    await Console.Error.WriteLineAsync(error.Message);
    return 1;
}
