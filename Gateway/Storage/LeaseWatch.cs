namespace Orrery.Gateway.Storage;

/// <summary>
/// Whether a lease that has ended says that its owner is gone. After an outage of the database it does not: nobody could renew one meanwhile, and owners are to have the time for it first.
/// </summary>
internal sealed class LeaseWatch(TimeSpan lease)
{
    /// <summary>Owners renew thrice in a lease; who has heard nothing for longer than this may have missed an outage that made leases end.</summary>
    private readonly TimeSpan _longestSilence = lease * 2 / 3;

    /// <summary>On top of a lease: a gateway may have given the database up for a moment when it comes back.</summary>
    private static readonly TimeSpan Slack = TimeSpan.FromSeconds(2);

    private DateTimeOffset? _since;
    private DateTimeOffset _last;

    /// <param name="now">What the database says the time is; all times are its own.</param>
    /// <returns>Whether it has answered for a whole lease and longer.</returns>
    public bool Hear(DateTimeOffset now)
    {
        if (_since is null || now < _last || now - _last > _longestSilence)
        {
            _since = now;
        }

        _last = now;
        return now - _since >= lease + Slack;
    }
}
