using Microsoft.Extensions.Options;

namespace Orrery.Gateway.Intake;

/// <summary>One bound on what all request bodies hold in memory together, so that many large ones cannot end the process.</summary>
internal sealed class BodyBudget(IOptions<GatewayOptions> options)
{
    private readonly long _limit = options.Value.MaxBufferedBytes;
    private long _held;

    public long Held => Interlocked.Read(ref _held);

    public bool TryTake(int bytes)
    {
        if (Interlocked.Add(ref _held, bytes) <= _limit)
        {
            return true;
        }

        GiveBack(bytes);
        return false;
    }

    public void GiveBack(int bytes) => Interlocked.Add(ref _held, -bytes);
}
