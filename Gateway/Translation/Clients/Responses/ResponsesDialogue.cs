using System.Buffers;
using System.Text;
using Orrery.Gateway.Routing;

namespace Orrery.Gateway.Translation.Clients.Responses;

/// <summary>One request of the Responses API.</summary>
/// <param name="isStored">What is answered is to last.</param>
/// <param name="keeping">Stores it at its end; <c>null</c>: nobody here does.</param>
/// <param name="native">The request for those who speak the API themselves.</param>
internal sealed class ResponsesDialogue(ResponseWords words, ChatFromResponses request, bool isStored, ResponseKeeping? keeping, ResponsesNative native, IBackground? background) : IDialogue
{
    private ResponseTeller? _teller;
    private ResponseItems? _whole;
    private byte[] _finish = [];

    public Refusal? Inexpressible => request.Inexpressible;

    public IBackground? Background => background;

    public INativeDialogue? NativeAt(Candidate candidate) => ResponsesNative.IsSpokenBy(candidate) ? native : null;

    public void Mark(HttpResponse response, Candidate candidate) => LeftOutHeader.Add(response, request.LeftOut);

    public StreamTranslator Tell(Exchange exchange, Candidate candidate, StreamTranslator chat)
    {
        native.IsTelling = false;
        return _teller = new(exchange, candidate, words, isStored, chat);
    }

    public void WriteAnswer(Exchange exchange, Candidate candidate, ReadOnlySpan<byte> completion, IBufferWriter<byte> output)
    {
        var said = ChatWords.Read(completion);
        _finish = said.Finish.In(completion).ToArray();
        _whole = new(words.Ids);
        var events = new ArrayBufferWriter<byte>();
        _whole.Hear(said, completion, events);
        _whole.Close(isWhole: ResponseWords.IncompleteBy(_finish).IsEmpty, events);
    }

    public async ValueTask EndAsync(Exchange exchange, Candidate candidate, IBufferWriter<byte> output)
    {
        if (NativeAt(candidate) is not null)
        {
            await native.EndAsync(exchange, keeping, output);
            return;
        }

        var status = ResponseWords.IncompleteBy(_teller is null ? _finish : _teller.Finish).IsEmpty ? ResponseStates.Completed : ResponseStates.Incomplete;
        var response = Write(exchange, candidate, status, isStored);
        if (keeping is not null && !await keeping.TryKeepAsync(exchange, words.Ids.Response, status, response))
        {
            response = Write(exchange, candidate, status, isStored: false);
        }

        if (_teller is null)
        {
            output.Write(response.Span);
        }
        else
        {
            _teller.End(status == ResponseStates.Completed ? "response.completed"u8 : "response.incomplete"u8, response.Span, output);
        }
    }

    public void WriteBreak(Refusal refusal, string requestId, IBufferWriter<byte> output)
    {
        if (native.IsTelling)
        {
            native.WriteBreak(refusal, output);
        }
        else
        {
            _teller!.Fail(refusal, output); // There is a stream where one breaks.
        }
    }

    private ReadOnlyMemory<byte> Write(Exchange exchange, Candidate candidate, string status, bool isStored)
    {
        var items = _teller is null ? _whole!.Done : _teller.Items.Done;
        var finish = _teller is null ? _finish : _teller.Finish;
        var response = new ArrayBufferWriter<byte>(items.Length + 1024);
        words.Write(exchange, candidate.Model.IdJson, Encoding.ASCII.GetBytes(status), items, error: null, ResponseWords.IncompleteBy(finish), isStored, response);
        return response.WrittenMemory;
    }
}
