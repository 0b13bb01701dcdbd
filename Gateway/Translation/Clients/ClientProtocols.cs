using Orrery.Gateway.Storage;
using Orrery.Gateway.Translation.Clients.Messages;
using Orrery.Gateway.Translation.Clients.Responses;

namespace Orrery.Gateway.Translation.Clients;

/// <summary>What clients may speak besides OpenAI's chat completions.</summary>
internal static class ClientProtocols
{
    public static void AddClientProtocols(this IServiceCollection services)
    {
        services.AddSingleton<IClientProtocol>(new MessagesProtocol());
        services.AddSingleton<IClientProtocol>(new MessagesProtocol(countsOnly: true));
        services.AddSingleton<ResponseHistory>();
        services.AddSingleton<ResponseRuns>();
        services.AddSingleton<IRunKind>(provider => provider.GetRequiredService<ResponseRuns>());
        services.AddSingleton<ResponsesProtocol>();
        services.AddSingleton<IClientProtocol>(provider => provider.GetRequiredService<ResponsesProtocol>());
    }
}
