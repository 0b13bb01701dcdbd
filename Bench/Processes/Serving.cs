using Microsoft.AspNetCore.Builder;

namespace Orrery.Bench.Processes;

/// <summary>A server as a child: says its address, and ends when its parent does.</summary>
internal static class Serving
{
    public static async Task ServeUntilInputEndsAsync(this WebApplication app)
    {
        await app.StartAsync();
        Console.WriteLine(app.Urls.First());
        await Console.In.ReadToEndAsync();
        await app.StopAsync();
    }
}
