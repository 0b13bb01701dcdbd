using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Orrery.Gateway;
using Orrery.Gateway.Intake;
using Orrery.Gateway.Translation.Clients;

namespace Orrery.Tests.Gateway.Messages;

/// <summary>Reads requests in a client's protocol without a gateway around it.</summary>
internal static class ProtocolReading
{
    private static readonly GatewayOptions Options = new();

    /// <summary>The parts of a gateway that does not run.</summary>
    public static IServiceProvider Services { get; } =
        GatewayHost.Build("--Internal:Key=" + GatewayWorld.InternalKey, "--Secrets:Key=" + GatewayWorld.SecretsKey, "--services:catalogue:http:0=http://127.0.0.1:9").Services;

    public static async Task<(ClientReading Reading, byte[] Chat)> ReadAsync(IClientProtocol protocol, string text)
    {
        var (pool, budget) = (Services.GetRequiredService<BufferPool>(), Services.GetRequiredService<BodyBudget>());
        var bytes = Encoding.UTF8.GetBytes(text);
        var own = new RequestBody(pool, budget);
        own.TryReserve(bytes.Length);
        own.Append(new(bytes));
        var body = new TranslatedBody(own, pool, budget);
        using var exchange = new Exchange(new DefaultHttpContext(), Operation.Chat, snapshot: null, default, default, default) { Body = body };
        var reading = await protocol.ReadAsync(exchange, body, Options.MaxJsonDepth);
        return (reading, body.Chat.Written.ToArray());
    }
}
