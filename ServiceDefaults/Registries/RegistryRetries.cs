using Orrery.ServiceDefaults.Egress;

namespace Orrery.ServiceDefaults.Registries;

/// <summary>Steps that may be done twice are tried again where that may help: few times, after a while, and never before the registry wants it.</summary>
internal sealed class RegistryRetries(TimeProvider time)
{
    private static readonly TimeSpan[] Waits = [TimeSpan.FromMilliseconds(500), TimeSpan.FromSeconds(2)];

    /// <summary>Who is told to wait for longer is told so, and does not wait here.</summary>
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(30);

    public async Task<T> RunAsync<T>(Func<Task<T>> attempt, CancellationToken cancellationToken)
    {
        for (var i = 0; ; i++)
        {
            TimeSpan wait;
            try
            {
                return await attempt();
            }
            catch (RemoteFailure failure) when (i < Waits.Length && MayPass(failure.Fault))
            {
                wait = failure.Fault.RetryAfter is { } asked && asked > Waits[i] ? asked : Waits[i];
            }

            await Task.Delay(wait, time, cancellationToken);
        }
    }

    private static bool MayPass(RemoteFault fault) => (fault.MayPass || fault.Cause == RegistryCauses.UploadBroken) && !(fault.RetryAfter > LongestWait);
}
