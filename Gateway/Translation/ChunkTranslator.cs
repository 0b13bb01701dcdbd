using System.Buffers;
using System.Numerics;
using Orrery.Gateway.Routing;
using Orrery.Gateway.Sending;

namespace Orrery.Gateway.Translation;

/// <summary>Translates a stream event by event: the model's public id goes in, usage that only we asked for goes out, and both are counted.</summary>
/// <param name="exchange">The request.</param>
/// <param name="candidate">Who answers.</param>
/// <param name="reasoningName">See <see cref="ReasoningName.Quoted"/>.</param>
internal sealed class ChunkTranslator(Exchange exchange, Candidate candidate, byte[]? reasoningName) : StreamTranslator
{
    private static readonly byte[] Nothing = [];
    private readonly bool _hidesAnnotations = candidate.Provider.Adapter.HidesAnnotations;
    private readonly UsageAtEnd? _usageAtEnd = candidate.Provider.Adapter.CountsInEveryChunk && exchange.Call.AsksForUsage && exchange.Call.StreamOptions.IncludeUsage
        ? new UsageAtEnd(candidate.Model.Id)
        : null;

    private ulong _answers;
    private ulong _finished;
    private long _ends;

    public override void Translate(ReadOnlySpan<byte> sse, IBufferWriter<byte> output)
    {
        var position = 0;
        var wrote = false;
        var hasData = false;
        byte[]? joined = null;
        ReadOnlySpan<byte> data = default;
        while (SseReader.TryReadLine(sse, ref position, out var line))
        {
            if (SseReader.TryReadData(line, out var value))
            {
                // JSON may be broken over several data lines; between them a line break is as good as a blank.
                joined = hasData ? [.. data, (byte)' ', .. value] : null;
                data = joined ?? value;
                hasData = true;
            }
            else if (!line.IsEmpty)
            {
                output.Write(line);
                output.Write("\n"u8);
                wrote = true;
            }
        }

        wrote |= hasData && TranslateData(data, output);
        if (wrote && Error is null)
        {
            output.Write("\n"u8);
        }
    }

    private bool TranslateData(ReadOnlySpan<byte> data, IBufferWriter<byte> output)
    {
        if (data.SequenceEqual("[DONE]"u8))
        {
            if (!HasBegun && exchange.Operation.AnswersWithChoices)
            {
                Error = SendError.Of(candidate, SendErrorKind.Malformed, "ended its stream without an answer");
                return false;
            }

            (IsDone, HasBegun) = (true, true);
            _usageAtEnd?.Write(output);
            output.Write("data: [DONE]\n"u8);
            return true;
        }

        if (!AnswerScan.TryRead(data, out var facts))
        {
            Error = AnswerScan.IsError(data)
                ? candidate.Provider.Adapter.ReadError(candidate, StatusCodes.Status200OK, data, retryAfter: null)
                : SendError.Of(candidate, SendErrorKind.Malformed, "sent a chunk that is not a JSON object");
            return false;
        }

        if (facts.IsError)
        {
            Error = candidate.Provider.Adapter.ReadError(candidate, StatusCodes.Status200OK, data, retryAfter: null);
            return false;
        }

        if (exchange.Operation.Answer == AnswerShape.AsItComes)
        {
            ReadType(data, ref facts);
        }

        if (_hidesAnnotations && !facts.HasDelta && !facts.HasFinish && facts.Usage is null)
        {
            return false;
        }

        Count(facts);
        exchange.Story?.Answered(data);
        return WriteChunk(data, facts, output);
    }

    private void ReadType(ReadOnlySpan<byte> data, ref AnswerFacts facts)
    {
        var type = TypedEvent.Read(data);
        IsTyped |= type.IsTyped;
        HasContent |= type.IsPiece;
        HasBegun |= type.IsPiece || type.IsLast;
        _ends += type.IsLast ? 1 : 0;
        HasFinished |= type.IsLast && _ends >= exchange.Call.Choices;
        facts.HasContent |= type.IsText;
    }

    private void Count(in AnswerFacts facts)
    {
        exchange.Meter.Count(facts);
        HasContent |= facts.HasContent;
        _answers |= facts.Answers;
        _finished |= facts.Finished;
        HasFinished |= facts.HasFinish && _finished == _answers && BitOperations.PopCount(_finished) >= Math.Min(exchange.Call.Choices, 64);
        HasBegun |= facts.HasContent || facts.HasFinish;
    }

    public override void End(IBufferWriter<byte> output)
    {
        _usageAtEnd?.Write(output);
        base.End(output);
    }

    private bool WriteChunk(ReadOnlySpan<byte> data, in AnswerFacts facts, IBufferWriter<byte> output)
    {
        var edits = new EditList();
        if (facts.Usage is not null)
        {
            _usageAtEnd?.Keep(data);
        }

        if (facts.UsageProperty.IsPresent && exchange.Call.AsksForUsage)
        {
            var isUsageChunk = !facts.HasChoices && facts.Usage is not null;
            if (!candidate.Provider.Adapter.KeepsUsage(exchange.Call, isUsageChunk))
            {
                if (isUsageChunk)
                {
                    return false;
                }

                edits.Add(facts.UsageProperty, Nothing);
            }
        }

        if (facts.Model.IsPresent)
        {
            edits.Add(facts.Model, candidate.Model.IdJson);
        }

        ReasoningName.Spell(data, facts, reasoningName, ref edits);
        output.Write("data: "u8);
        edits.Write(data, output);
        output.Write("\n"u8);
        return true;
    }
}
