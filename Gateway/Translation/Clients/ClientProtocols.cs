using Orrery.Gateway.Translation.Clients.Messages;
using Orrery.Gateway.Translation.Clients.Responses;

namespace Orrery.Gateway.Translation.Clients;

/// <summary>What clients may speak besides OpenAI's chat completions.</summary>
internal static class ClientProtocols
{
    public static readonly IReadOnlyList<IClientProtocol> All = [new MessagesProtocol(), new MessagesProtocol(countsOnly: true), new ResponsesProtocol()];
}
