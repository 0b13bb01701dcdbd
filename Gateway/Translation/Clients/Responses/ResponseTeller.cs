using System.Buffers;
using Orrery.Gateway.Routing;

namespace Orrery.Gateway.Translation.Clients.Responses;

/// <summary>
/// Chat chunks → the Responses API's events: <c>response.created</c> and <c>response.in_progress</c>; for each item <c>response.output_item.added</c>, its parts and deltas,
/// <c>response.output_item.done</c>; at the end <c>response.completed</c> or <c>response.incomplete</c>. Every one is numbered.
/// </summary>
internal sealed class ResponseTeller(Exchange exchange, Candidate candidate, ResponseWords response, bool isStored, StreamTranslator chat) : ChatTeller(candidate, chat)
{
    private readonly ResponseItems _items = new(response.Ids);
    private bool _hasStarted;
    private byte[] _finish = [];

    public ResponseItems Items => _items;

    /// <summary>Why the answer ended, as JSON.</summary>
    public ReadOnlySpan<byte> Finish => _finish;

    /// <summary>Tells the end, with the whole response.</summary>
    public void End(ReadOnlySpan<byte> name, ReadOnlySpan<byte> whole, IBufferWriter<byte> output)
    {
        _items.WriteEvent(name, output);
        output.Write(",\"response\":"u8);
        output.Write(whole);
        output.Write("}\n\n"u8);
    }

    /// <summary>Tells that the answer ends here and why.</summary>
    public void Fail(Refusal refusal, IBufferWriter<byte> output)
    {
        Start(output);
        _items.WriteEvent("response.failed"u8, output);
        output.Write(",\"response\":"u8);
        response.Write(exchange, Candidate.Model.IdJson, "failed"u8, _items.Done, refusal, incomplete: default, isStored: false, output);
        output.Write("}\n\n"u8);
        _items.WriteEvent("error"u8, output);
        ResponseWords.WriteError(refusal, output);
        output.Write("}\n\n"u8);
    }

    protected override void Hear(in ChatWords words, ReadOnlySpan<byte> chunk, IBufferWriter<byte> output)
    {
        Start(output);
        _items.Hear(words, chunk, output);
        if (_items.Fault is { } fault)
        {
            Break(fault);
        }

        if (words.Finish.IsPresent)
        {
            _finish = words.Finish.In(chunk).ToArray();
        }
    }

    protected override void Close(IBufferWriter<byte> output)
    {
        Start(output);
        _items.Close(isWhole: ResponseWords.IncompleteBy(_finish).IsEmpty, output);
    }

    private void Start(IBufferWriter<byte> output)
    {
        if (_hasStarted)
        {
            return;
        }

        _hasStarted = true;
        Begin("response.created"u8, output);
        Begin("response.in_progress"u8, output);
    }

    private void Begin(ReadOnlySpan<byte> name, IBufferWriter<byte> output)
    {
        _items.WriteEvent(name, output);
        output.Write(",\"response\":"u8);
        response.Write(exchange, Candidate.Model.IdJson, "in_progress"u8, items: default, error: null, incomplete: default, isStored, output);
        output.Write("}\n\n"u8);
    }
}
