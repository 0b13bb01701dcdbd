using Orrery.ServiceDefaults.Egress;
using Orrery.ServiceDefaults.Registries;

namespace Orrery.Catalogue.Pins;

/// <summary>Asks what a model's references mean, and keeps it. Nobody else asks: not a start, not a read.</summary>
internal sealed partial class Pinner(PinStore store, HubReader hub, ImageReader images, PinSecrets secrets, ILogger<Pinner> logger)
{
    /// <summary>Pins what is not pinned; with <paramref name="renew"/> all that the entry does not pin itself. One that fails keeps no other from it.</summary>
    public async Task<IReadOnlyList<PinAnswer>> PinAsync(string @namespace, IReadOnlyList<Pinnable> wanted, bool renew, string by, CancellationToken cancellationToken)
    {
        var known = await store.FindAsync(@namespace, wanted, cancellationToken, withFacts: true);
        var outcomes = await Task.WhenAll(wanted.Select(async pinnable => pinnable.Value is not null || (known.Find(pinnable) is not null && !renew)
            ? default
            : await PinOneAsync(@namespace, pinnable, known.Find(pinnable), by, cancellationToken)));
        var kept = await store.FindAsync(@namespace, wanted, cancellationToken, withFacts: true);
        return [.. wanted.Zip(outcomes, (pinnable, outcome) => PinAnswer.Of(pinnable, kept, outcome.Ours, outcome.Fault))];
    }

    private async Task<(Pin? Ours, RemoteFault? Fault)> PinOneAsync(string @namespace, Pinnable wanted, Pin? before, string by, CancellationToken cancellationToken)
    {
        var (value, facts, fault) = wanted.Kind == PinKinds.Image
            ? await AskRegistryAsync(@namespace, wanted.Reference, cancellationToken)
            : await AskHubAsync(@namespace, wanted.Reference, cancellationToken);
        if (value is null)
        {
            Log.NotPinned(logger, @namespace, wanted.Kind, wanted.Reference, fault!.Stage, fault.Cause, fault.Message);
            return (null, fault);
        }

        var (pin, isOurs) = await store.KeepAsync(@namespace, wanted, before, value, facts, by, cancellationToken);
        if (isOurs)
        {
            Log.Pinned(logger, by, @namespace, wanted.Kind, wanted.Reference, pin.Value, before?.Value ?? "nothing");
        }

        return (isOurs ? pin : null, null);
    }

    private async Task<(string? Value, RevisionFacts? Facts, RemoteFault? Fault)> AskHubAsync(string @namespace, string reference, CancellationToken cancellationToken)
    {
        var (token, unreadable) = secrets.HubToken(@namespace);
        if (unreadable is not null)
        {
            return (null, null, unreadable);
        }

        var at = reference.IndexOf('@', StringComparison.Ordinal);
        var (found, fault) = await hub.FindAsync(reference[..at], reference[(at + 1)..], token, cancellationToken);
        return (found?.Commit, found?.Facts, fault);
    }

    private async Task<(string? Value, RevisionFacts? Facts, RemoteFault? Fault)> AskRegistryAsync(string @namespace, string reference, CancellationToken cancellationToken)
    {
        var (digest, fault) = await images.FindAsync(@namespace, ImageReference.Parse(reference)!, cancellationToken);
        return (digest, null, fault);
    }

    private static partial class Log
    {
        [LoggerMessage(2501, LogLevel.Information, "{Caller} pinned the {Kind} {Reference} of namespace {Namespace} to {Value}; before: {Before}", EventName = "Pinned")]
        public static partial void Pinned(ILogger logger, string caller, string @namespace, string kind, string reference, string value, string before);

        [LoggerMessage(2502, LogLevel.Warning, "The {Kind} {Reference} of namespace {Namespace} could not be pinned ({Stage}, {Cause}): {Reason}", EventName = "NotPinned")]
        public static partial void NotPinned(ILogger logger, string @namespace, string kind, string reference, string stage, string cause, string reason);
    }
}
