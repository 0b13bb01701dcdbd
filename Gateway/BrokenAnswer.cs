namespace Orrery.Gateway;

/// <summary>The end of an answer that has begun and will never be whole: its connection is cut, so that no client takes it for one.</summary>
/// <remarks>
/// Some clients (OpenAI's for .NET among them) do not know an error inside a stream and read on to its end: an end that HTTP calls good is a whole answer to them.
/// But aborting drops what was not yet sent, the event that says why among it. So the client gets a moment to read that, and most leave of themselves.
/// </remarks>
internal static class BrokenAnswer
{
    private static readonly TimeSpan Farewell = TimeSpan.FromSeconds(1);

    public static async Task CutAsync(HttpContext http, TimeProvider time)
    {
        await Task.Delay(Farewell, time, http.RequestAborted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        http.Abort();
    }
}
