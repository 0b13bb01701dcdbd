using System.Net.Http.Json;

namespace Orrery.Bench.Processes;

/// <summary>What the gateway's process says of itself.</summary>
/// <param name="Revision">The snapshot in force.</param>
/// <param name="AllocatedBytes">Since it began, exactly.</param>
/// <param name="HeapBytes">Managed memory in use after the last collection.</param>
/// <param name="WorkingSetBytes">Resident memory.</param>
/// <param name="PauseMs">All pauses for collections so far.</param>
/// <param name="LongestPauseMs">The longest pause since this was last asked.</param>
/// <param name="CpuMs">User and system time.</param>
internal sealed record GatewayState(
    long Revision, long AllocatedBytes, long HeapBytes, long WorkingSetBytes, double PauseMs, double LongestPauseMs, double CpuMs, int Gen0, int Gen1, int Gen2)
{
    public static async Task<GatewayState> OfAsync(HttpClient gateway, bool collect = false) =>
        await gateway.GetFromJsonAsync<GatewayState>(GatewayProcess.StatePath + (collect ? "?collect=1" : "")) ?? throw new InvalidOperationException("The gateway says nothing of itself.");
}
