using Orrery.ServiceDefaults.Egress;

namespace Orrery.Catalogue.Pins;

internal sealed record PinList(IReadOnlyList<PinAnswer> Items);

/// <summary>What a reference of a model is pinned to, as callers see it.</summary>
/// <param name="Value">The commit or the digest; absent: nobody has asked yet, and a build would take what is there then.</param>
/// <param name="Source">One of <see cref="PinSources"/>; absent with the value.</param>
/// <param name="By">Who asked for it.</param>
/// <param name="Gated">As the hub said then: <c>auto</c> or <c>manual</c>.</param>
/// <param name="Files">The commit's, as the hub listed them then.</param>
/// <param name="Renewals">How it came to be another, the newest first.</param>
/// <param name="Error">Why nothing was found just now. What was kept before still is.</param>
internal sealed record PinAnswer(
    string Kind, string Reference, string? Value, string? Source, DateTimeOffset? At, string? By, string? Gated, IReadOnlyList<RepositoryFile>? Files, IReadOnlyList<PinRenewal>? Renewals,
    PinError? Error)
{
    /// <param name="ours">What was written just now.</param>
    public static PinAnswer Of(Pinnable wanted, PinSet kept, Pin? ours = null, RemoteFault? fault = null)
    {
        if (wanted.Value is { } written)
        {
            return new PinAnswer(wanted.Kind, wanted.Reference, written, PinSources.Entry, null, null, null, null, null, null);
        }

        var history = kept.HistoryOf(wanted).ToList();
        var renewals = history.Zip(history.Skip(1), (to, from) => new PinRenewal(from.Value, to.Value, to.At, to.By)).ToList();
        var pin = history.Count > 0 ? history[0] : null;
        return new PinAnswer(
            wanted.Kind, wanted.Reference, pin?.Value, pin is null ? null : pin.Number == ours?.Number ? PinSources.Resolved : PinSources.Kept, pin?.At, pin?.By,
            pin?.Facts?.Gated, pin?.Facts?.Files, renewals.Count > 0 ? renewals : null, fault is null ? null : PinError.Of(fault));
    }
}

internal sealed record PinRenewal(string From, string To, DateTimeOffset At, string By);

/// <param name="Stage">How far it came: <c>credential</c>, <c>connection</c>, <c>token</c>, <c>manifest</c>, <c>revision</c>.</param>
/// <param name="RetryAfter">Seconds, where the server names them.</param>
/// <param name="MayPass">Whether asking again later may help, without anything being mended.</param>
internal sealed record PinError(string Stage, string Cause, string Message, string Remedy, bool MayPass, int? RetryAfter)
{
    public static PinError Of(RemoteFault fault) =>
        new(fault.Stage, fault.Cause, fault.Message, fault.Remedy, fault.MayPass, fault.RetryAfter is { } wait ? (int)Math.Clamp(Math.Ceiling(wait.TotalSeconds), 0, int.MaxValue) : null);
}
