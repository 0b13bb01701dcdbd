using Npgsql;
using Orrery.Gateway.Translation.Clients;

namespace Orrery.Gateway.Storage;

/// <summary>What runs without its client, and where its answer stays.</summary>
internal interface IRunKind
{
    /// <summary>As stored with its runs.</summary>
    string Name { get; }

    Operation Operation { get; }

    IClientProtocol? Protocol { get; }

    /// <summary>Where an answer of status 200 goes as it comes.</summary>
    Stream OpenAnswer(Run run, IHeaderDictionary headers);

    /// <summary>Notes what is to be known of the run from its first moment: nothing stands in its way any more. In one transaction with the run itself.</summary>
    ValueTask BeginAsync(Run run, Exchange exchange, NpgsqlConnection connection, CancellationToken cancellationToken);

    /// <summary>Notes what came of it, unless it was cancelled meanwhile. May be called again where the database was away.</summary>
    /// <param name="answer">Its body is what <see cref="OpenAnswer"/>'s stream holds, or the refusal.</param>
    ValueTask EndAsync(Run run, RunAnswer answer, CancellationToken cancellationToken);

    /// <summary>Whether another gateway may begin it anew after its own has died.</summary>
    ValueTask<bool> MayBeginAgainAsync(Run run, CancellationToken cancellationToken);
}
