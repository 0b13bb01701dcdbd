using System.Buffers;
using System.Net.Http.Headers;
using Orrery.Gateway.Intake;
using Orrery.Gateway.Routing;
using Orrery.Gateway.Sending;
using Endpoint = Orrery.Gateway.Routing.Endpoint;

namespace Orrery.Gateway.Translation.Anthropic;

/// <summary>Anthropic's Messages API (<c>POST /v1/messages</c>), for clients that speak OpenAI's chat completions.</summary>
internal sealed class AnthropicAdapter : ITranslatingAdapter
{
    /// <summary>The API's version, which has been the same since 2023; what is new comes in additions.</summary>
    private const string Version = "2023-06-01";

    public string ProviderName => "anthropic";

    public Uri? AddressOf(Exchange exchange, Candidate candidate, Endpoint endpoint, out SendError? error)
    {
        error = null;
        return exchange.Operation == Operation.Chat ? endpoint.AddressOf("messages") : null;
    }

    public void AddHeaders(HttpRequestHeaders headers)
    {
        if (!headers.NonValidated.Contains("anthropic-version"))
        {
            headers.TryAddWithoutValidation("anthropic-version", Version);
        }
    }

    public SendError? WriteBody(Exchange exchange, Candidate candidate, IBufferWriter<byte> body) => MessagesRequest.Write(exchange, candidate, body);

    public StreamTranslator ReadStream(Exchange exchange, Candidate candidate, byte[]? reasoningName) => new MessageStream(exchange, candidate, reasoningName);

    public SendError? WriteAnswer(Exchange exchange, Candidate candidate, ReadOnlySpan<byte> answer, byte[]? reasoningName, IBufferWriter<byte> output) =>
        MessageAnswer.Write(exchange, candidate, answer, reasoningName, output);

    public SendError ReadError(Candidate candidate, int status, ReadOnlySpan<byte> body, TimeSpan? retryAfter) =>
        AnthropicErrors.Read(candidate, status, body, retryAfter);

    /// <remarks>The body is not the client's.</remarks>
    void IEngineAdapter.EditBody(Call call, Candidate candidate, ref EditList edits)
    {
    }

    bool IEngineAdapter.KeepsUsage(Call call, bool isUsageChunk) => call.StreamOptions.IncludeUsage;
}
