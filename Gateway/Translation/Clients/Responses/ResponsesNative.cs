using System.Buffers;
using Orrery.Gateway.Intake;
using Orrery.Gateway.Routing;
using Orrery.Gateway.Sending;

namespace Orrery.Gateway.Translation.Clients.Responses;

/// <summary>
/// A request of the Responses API on its way to a server that speaks it, OpenAI's above all. Its items, tools and options stay as they are; what it goes on from is put before them, since
/// nothing is stored there: a response lies in one place, this gateway's, or nowhere.
/// </summary>
/// <param name="own">The request as it came.</param>
/// <param name="input">Its items where they are not the request's own alone, a JSON array.</param>
internal sealed class ResponsesNative(ReadOnlyMemory<byte> own, byte[]? input, string? previousId, bool isStored, bool isBackground) : INativeDialogue
{
    private readonly ArrayBufferWriter<byte> _end = new();
    private byte[]? _body;
    private string _status = ResponseStates.Completed;
    private bool _isStream;
    private int _events;

    public string Path => "responses";

    public ReadOnlyMemory<byte> Body => _body ??= Make();

    public IReadOnlyList<string> Headers { get; } = ["openai-beta"];

    /// <summary>It is this one that tells the answer now.</summary>
    public bool IsTelling { get; set; }

    /// <remarks>Servers that are like OpenAI's differ in it, by version above all, so that their provider says it.</remarks>
    public static bool IsSpokenBy(Candidate candidate) =>
        candidate.Provider.Spec.NativeResponses ?? candidate.Provider is { Spec.Provider: "openai", Adapter: OpenAiAdapter };

    public void EditBody(Exchange exchange, Candidate candidate, ref EditList edits)
    {
        var call = new Call { Body = Body };
        CallReader.Read(call, Operation.Chat, JsonBytes.MostDepth); // What it goes on from may be deeper than what clients may send.
        ModelEdit.Name(call, candidate, ref edits);
        if (AnswerBound.Of(exchange, candidate) is { } left)
        {
            edits.Add(new ByteRange(call.ClosingBrace, 0), System.Text.Encoding.ASCII.GetBytes(string.Create(System.Globalization.CultureInfo.InvariantCulture, $",\"max_output_tokens\":{left}")));
        }
    }

    public StreamTranslator ReadStream(Exchange exchange, Candidate candidate)
    {
        (IsTelling, _isStream, _events) = (true, true, 0);
        return new ResponsePasser(exchange, candidate, this);
    }

    public SendError? WriteAnswer(Exchange exchange, Candidate candidate, ReadOnlySpan<byte> answer, IBufferWriter<byte> output)
    {
        if (!NativeResponse.TryRead(answer, out var response))
        {
            return SendError.Of(candidate, SendErrorKind.Malformed, "answered with what is not a response of OpenAI's API");
        }

        if (response.IsError)
        {
            return UpstreamErrors.Read(candidate, StatusCodes.Status200OK, answer, retryAfter: null);
        }

        if (ResponseStates.IsOpen(response.Status))
        {
            return SendError.Of(candidate, SendErrorKind.Malformed, "answered with a response that is not at its end");
        }

        exchange.Meter.Count(new AnswerFacts { HasContent = true, Usage = response.Usage });
        exchange.Story?.Answered(answer);
        Keep(answer, response, candidate);
        return null;
    }

    /// <summary>Takes the whole response, as clients are told it; <see cref="EndAsync"/> tells it.</summary>
    public void Keep(ReadOnlySpan<byte> json, in NativeResponse response, Candidate candidate)
    {
        _status = response.Status;
        _end.ResetWrittenCount();
        Write(json, response, candidate, _end);
    }

    /// <summary>Writes a response as clients are told it: the model's public id, and where it is stored.</summary>
    public void Write(ReadOnlySpan<byte> json, in NativeResponse response, Candidate candidate, IBufferWriter<byte> output) =>
        response.Write(json, candidate.Model.IdJson, isStored, isBackground, previousId, output);

    public void Told() => _events++;

    public async ValueTask EndAsync(Exchange exchange, ResponseKeeping? keeping, IBufferWriter<byte> output)
    {
        var whole = _end.WrittenMemory;
        if (keeping is not null && !await keeping.TryKeepAsync(exchange, NativeResponse.IdOf(whole.Span), _status, whole))
        {
            NativeResponse.TryRead(whole.Span, out var response);
            var told = new ArrayBufferWriter<byte>(whole.Length + 16);
            response.Write(whole.Span, model: null, isStored: false, isBackground, previousId, told);
            whole = told.WrittenMemory;
        }

        if (!_isStream)
        {
            output.Write(whole.Span);
            return;
        }

        var name = _status switch { ResponseStates.Incomplete => "response.incomplete"u8, ResponseStates.Failed => "response.failed"u8, _ => "response.completed"u8 };
        Begin(name, output);
        output.Write(",\"response\":"u8);
        output.Write(whole.Span);
        output.Write("}\n\n"u8);
    }

    public void WriteBreak(Refusal refusal, IBufferWriter<byte> output)
    {
        Begin("error"u8, output);
        ResponseWords.WriteError(refusal, output);
        output.Write("}\n\n"u8);
    }

    private void Begin(ReadOnlySpan<byte> name, IBufferWriter<byte> output)
    {
        output.Write("event: "u8);
        output.Write(name);
        output.Write("\ndata: {\"type\":\""u8);
        output.Write(name);
        output.Write("\",\"sequence_number\":"u8);
        AnswerWords.Put(_events++, output);
    }

    private byte[] Make()
    {
        using var document = JsonBytes.Parse(own);
        var body = new ArrayBufferWriter<byte>(own.Length);
        body.Write("{\"store\":false"u8);
        foreach (var member in document.RootElement.EnumerateObject())
        {
            if (member.Name is not ("store" or "background" or "previous_response_id" or "models" or "routing") && !(member.Name == "input" && input is not null))
            {
                ChatBody.Copy(member, body);
            }
        }

        if (input is not null)
        {
            body.Write(",\"input\":"u8);
            body.Write(input);
        }

        body.Write("}"u8);
        return body.WrittenSpan.ToArray();
    }
}
