using System.Buffers;
using System.Text.Json;
using Orrery.Gateway.Api;
using Orrery.Gateway.Routing;
using Orrery.Gateway.Translation.Anthropic;

namespace Orrery.Gateway.Translation.Clients.Messages;

/// <summary>One request of the Messages API.</summary>
/// <param name="leftOut">Its hints that a chat request has no words for.</param>
/// <param name="continuesAnswer">Its last message is the beginning of the answer.</param>
internal sealed class MessagesDialogue(MessagesProtocol protocol, ReadOnlyMemory<byte> body, IReadOnlyCollection<string> leftOut, Refusal? inexpressible, bool continuesAnswer) : IDialogue
{
    private const string Prefill = "prefill";

    private MessagesNative? _native;

    public Refusal? Inexpressible => inexpressible;

    public INativeDialogue? NativeAt(Candidate candidate) => candidate.Provider.Adapter is AnthropicAdapter ? _native ??= new(body) : null;

    public bool ContinuesAnswer => continuesAnswer;

    public void Mark(HttpResponse response, Candidate candidate) =>
        LeftOutHeader.Add(response, continuesAnswer && !VllmAdapter.ContinuesAnswers(candidate) ? [.. leftOut, Prefill] : leftOut);

    public StreamTranslator Tell(Exchange exchange, Candidate candidate, StreamTranslator chat) => new MessageTeller(exchange, candidate, chat);

    public void WriteAnswer(Exchange exchange, Candidate candidate, ReadOnlySpan<byte> completion, IBufferWriter<byte> output)
    {
        var words = ChatWords.Read(completion);
        MessageWords.WriteHead(exchange, candidate, output);
        output.Write(",\"content\":["u8);
        var count = 0;
        Write("{\"type\":\"thinking\",\"signature\":\"\",\"thinking\":"u8, words.Reasoning.In(completion), ref count, output);
        Write("{\"type\":\"text\",\"text\":"u8, words.Content.In(completion), ref count, output);
        Write("{\"type\":\"text\",\"text\":"u8, words.Refusal.In(completion), ref count, output);
        foreach (var call in words.Calls)
        {
            output.Write(count++ > 0 ? ","u8 : default);
            output.Write("{\"type\":\"tool_use\",\"id\":"u8);
            output.Write(call.Id.IsPresent ? call.Id.In(completion) : AnswerWords.IdOf(exchange, "toolu_", call.Place));
            output.Write(",\"name\":"u8);
            output.Write(call.Name.IsPresent ? call.Name.In(completion) : "\"\""u8);
            output.Write(",\"input\":"u8);
            MessageWords.WriteInput(call.Arguments.In(completion), output);
            output.Write("}"u8);
        }

        output.Write("],"u8);
        MessageWords.WriteStop(words.Finish.In(completion), words.StopSequence.In(completion), words.Calls.Count > 0, output);
        output.Write(",\"usage\":"u8);
        MessageWords.WriteUsage(exchange.Meter.Read(exchange.Call.Body.Length).Tokens, output);
        output.Write("}"u8);
    }

    public void WriteBreak(Refusal refusal, string requestId, IBufferWriter<byte> output)
    {
        output.Write("event: error\ndata: "u8);
        using (var json = new Utf8JsonWriter(output, OpenAiErrors.Readable))
        {
            protocol.WriteError(json, refusal, requestId);
        }

        output.Write("\n\n"u8);
    }

    private static void Write(ReadOnlySpan<byte> block, ReadOnlySpan<byte> words, ref int count, IBufferWriter<byte> output)
    {
        if (words.IsEmpty)
        {
            return;
        }

        output.Write(count++ > 0 ? ","u8 : default);
        output.Write(block);
        output.Write(words);
        output.Write("}"u8);
    }
}
