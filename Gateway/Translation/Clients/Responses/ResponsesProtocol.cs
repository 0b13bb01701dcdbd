using System.Buffers;
using System.Text.Json;
using Orrery.Gateway.Api;
using Orrery.Gateway.Routing;

namespace Orrery.Gateway.Translation.Clients.Responses;

/// <summary>OpenAI's Responses API (<c>POST /v1/responses</c>) as clients speak it. Nothing is stored.</summary>
internal sealed class ResponsesProtocol : IClientProtocol
{
    public string Path => "responses";

    public Refusal? Read(ReadOnlyMemory<byte> body, int maxDepth, IBufferWriter<byte> chat, out IDialogue? dialogue)
    {
        IDialogue? begun = null;
        var refusal = ClientBody.Read(body, maxDepth, root =>
        {
            var request = new ChatFromResponses(root, chat);
            var fault = request.Write();
            begun = fault is null ? new ResponsesDialogue(new ResponseWords(root), request.LeftOut) : null;
            return fault;
        });
        dialogue = begun;
        return refusal;
    }

    public void AddHeaders(HttpResponse response, string requestId)
    {
    }

    public void WriteError(Utf8JsonWriter json, Refusal refusal, string requestId) => OpenAiErrors.Write(json, refusal);
}

/// <summary>One request of the Responses API.</summary>
/// <param name="leftOut">Its fields that a chat request has no words for.</param>
internal sealed class ResponsesDialogue(ResponseWords words, IReadOnlyCollection<string> leftOut) : IDialogue
{
    private ResponseTeller? _teller;

    public INativeDialogue? NativeAt(Candidate candidate) => null;

    public void Mark(HttpResponse response) => LeftOutHeader.Add(response, leftOut);

    public StreamTranslator Tell(Exchange exchange, Candidate candidate, StreamTranslator chat) => _teller = new(exchange, candidate, words, chat);

    public void WriteAnswer(Exchange exchange, Candidate candidate, ReadOnlySpan<byte> completion, IBufferWriter<byte> output)
    {
        var said = ChatWords.Read(completion);
        var incomplete = ResponseWords.IncompleteBy(said.Finish.In(completion));
        var (items, events) = (new ResponseItems(exchange), new ArrayBufferWriter<byte>());
        items.Hear(said, completion, events);
        items.Close(isWhole: incomplete.IsEmpty, events);
        words.Write(exchange, candidate, incomplete.IsEmpty ? "completed"u8 : "incomplete"u8, items.Done, error: null, incomplete, output);
    }

    public void WriteBreak(Refusal refusal, string requestId, IBufferWriter<byte> output) => _teller!.Fail(refusal, output); // There is a stream where one breaks.
}
