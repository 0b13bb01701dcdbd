using Orrery.Gateway.Routing;

namespace Orrery.Gateway.Translation.Clients;

/// <summary>Whose words an answer comes in and goes out in.</summary>
internal static class ClientTranslation
{
    /// <summary>From the engine's stream to the client's: straight, by chat chunks, or both.</summary>
    public static StreamTranslator ForStream(Exchange exchange, Candidate candidate, byte[]? reasoningName)
    {
        if (exchange.Dialogue?.NativeAt(candidate) is { } native)
        {
            return native.ReadStream(exchange, candidate);
        }

        StreamTranslator chat = candidate.Provider.Adapter is ITranslatingAdapter adapter
            ? adapter.ReadStream(exchange, candidate, reasoningName)
            : new ChunkTranslator(exchange, candidate, reasoningName);
        return exchange.Dialogue is { } dialogue ? dialogue.Tell(exchange, candidate, chat) : chat;
    }
}
