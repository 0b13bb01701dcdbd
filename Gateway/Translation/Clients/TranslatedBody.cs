using Orrery.Gateway.Intake;
using Orrery.Gateway.Sending;

namespace Orrery.Gateway.Translation.Clients;

/// <summary>A request's bytes in a client's protocol, and the same said as a chat request. Both are taken from the common budget.</summary>
internal sealed class TranslatedBody(RequestBody own, BufferPool pool, BodyBudget budget) : IDisposable
{
    private int _taken;

    public ReadOnlyMemory<byte> Own => own.Bytes;

    public HeldBytes Chat { get; } = new(pool);

    /// <summary>Makes room for a translation as long as the request; <c>false</c> when the budget is spent.</summary>
    public bool TryReserve() => TryReserve(own.Bytes.Length);

    /// <summary>Makes room for more of it.</summary>
    public bool TryReserve(int bytes)
    {
        if (!budget.TryTake(bytes))
        {
            return false;
        }

        _taken += bytes;
        return true;
    }

    public void Dispose()
    {
        budget.GiveBack(_taken);
        _taken = 0;
        Chat.Dispose();
        own.Dispose();
    }
}
