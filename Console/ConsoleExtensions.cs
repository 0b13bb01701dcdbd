using Orrery.WebConsole.Stores;

namespace Orrery.WebConsole;

/// <summary>Everything the Console is made of, a block for each folder.</summary>
internal static class ConsoleExtensions
{
    public static void AddConsole(this WebApplicationBuilder builder)
    {
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.AddServerHeader = false);
        builder.Services.AddOptions<StoreLimits>().BindConfiguration(StoreLimits.Section).ValidateOnStart();
    }

    public static void MapConsole(this WebApplication app)
    {
    }
}
