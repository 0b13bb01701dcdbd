using Dapper;
using Npgsql;

namespace Orrery.Builder.SupplyChain.Parts;

/// <summary>Keeps what layers say in the database, until they are forgotten with old builds.</summary>
internal sealed class LayerFactsStore(NpgsqlDataSource database, TimeProvider time) : ILayerFactsStore
{
    public async Task<LayerFacts?> FindAsync(string digest, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        return await connection.ExecuteScalarAsync<byte[]?>(new CommandDefinition("SELECT facts FROM layer_facts WHERE digest = @digest", new { digest }, cancellationToken: cancellationToken)) is { } facts
            ? LayerFacts.Read(facts)
            : null;
    }

    public async Task KeepAsync(string digest, LayerFacts facts, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await connection.ExecuteAsync(new CommandDefinition(
            "INSERT INTO layer_facts VALUES (@digest, @written, @now) ON CONFLICT (digest) DO UPDATE SET facts = excluded.facts, kept_at = excluded.kept_at",
            new { digest, written = facts.Write(), now = time.GetUtcNow() },
            cancellationToken: cancellationToken));
    }
}
