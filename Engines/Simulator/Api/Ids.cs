namespace Orrery.Simulator.Api;

internal static class Ids
{
    public static string New(string prefix, TimeProvider time) => $"{prefix}{Guid.CreateVersion7(time.GetUtcNow()):N}";
}
