using System.Buffers;
using Orrery.Contracts.Transforms;
using Orrery.Gateway.Routing;

namespace Orrery.Gateway.Translation.Custom;

/// <summary>What the pieces of an answer come to so far, and how they are told.</summary>
internal abstract class PieceStream(Exchange exchange, Candidate candidate, CompiledTransforms transforms, CompiledOperation operation, byte[]? reasoningName) : StreamTranslator
{
    private readonly AnswerWriter _writer = new(exchange, candidate, reasoningName);
    private readonly List<Choice> _choices = [];
    private CountedTokens? _counted;
    private int _bytes;
    private bool _hasEnded;

    protected Candidate Candidate { get; } = candidate;

    protected CompiledTransforms Transforms { get; } = transforms;

    protected CompiledOperation Operation { get; } = operation;

    public override void End(IBufferWriter<byte> output)
    {
        if (_hasEnded)
        {
            return;
        }

        _hasEnded = true;
        Finish(output);
        var told = _counted is null && _bytes == 0 ? null : TokenBooks.Count(exchange, Candidate, _counted, _bytes);
        _writer.WriteUsageChunk(told, output);
        base.End(output);
    }

    protected void Close(IBufferWriter<byte> output)
    {
        (IsDone, HasBegun) = (true, true);
        End(output);
    }

    protected void Tell(TextResult result, IBufferWriter<byte> output)
    {
        foreach (var piece in result.Choices)
        {
            Tell(piece, output);
        }

        if (result.Usage is { } counted)
        {
            _counted = new CountedTokens(counted.Prompt ?? _counted?.Prompt, counted.Completion ?? _counted?.Completion, Math.Max(counted.Cached, _counted?.Cached ?? 0));
            if (_counted is { Prompt: { } prompt, Completion: { } completion, Cached: var cached })
            {
                exchange.Meter.Count(new AnswerFacts { Usage = new TokenUsage(prompt, completion, cached) });
            }
        }
    }

    private void Tell(ChoiceResult piece, IBufferWriter<byte> output)
    {
        var choice = ChoiceAt(piece.Index);
        if (choice.IsFinished || (!piece.HasContent && piece.Finish is null))
        {
            return;
        }

        var isFirst = !choice.HasBegun;
        var calls = choice.Calls;
        var callsTools = choice.CallsTools || piece.Calls.Count > 0;
        var finish = piece.Finish is null ? null : AnswerWriter.FinishOf(piece.Finish, callsTools);
        if (piece.HasContent || isFirst)
        {
            _writer.WriteChunk(piece, isFirst, calls, finish: null, output);
        }

        if (finish is not null)
        {
            _writer.WriteChunk(new ChoiceResult { Index = piece.Index }, isFirst: false, calls, finish, output);
        }

        _choices[_choices.IndexOf(choice)] = choice with
        {
            HasBegun = true,
            IsFinished = finish is not null,
            CallsTools = callsTools,
            Calls = calls + piece.Calls.Count(call => call.Index is null),
        };
        _bytes += piece.Bytes;
        HasContent |= piece.HasContent;
        HasBegun = true;
        HasFinished = _choices.TrueForAll(one => one.IsFinished);
        Count(piece);
    }

    /// <summary>So that a stream that breaks, or whose client leaves, is counted as far as it came: what the engine has counted, and what came after it.</summary>
    private void Count(ChoiceResult piece)
    {
        if (_counted is { Prompt: not null, Completion: not null })
        {
            exchange.Meter.Count(new AnswerFacts { HasContent = piece.HasContent });
        }
        else
        {
            exchange.Meter.Streamed(TokenBooks.OfBytes(_bytes));
        }
    }

    /// <summary>Gives each choice the reason that its engine has no words for.</summary>
    private void Finish(IBufferWriter<byte> output)
    {
        if (_choices.Count == 0)
        {
            ChoiceAt(0);
        }

        for (var i = 0; i < _choices.Count; i++)
        {
            var choice = _choices[i];
            if (!choice.IsFinished)
            {
                _writer.WriteChunk(new ChoiceResult { Index = choice.Index }, isFirst: !choice.HasBegun, choice.Calls, AnswerWriter.FinishOf(null, choice.CallsTools), output);
                _choices[i] = choice with { IsFinished = true };
            }
        }

        HasFinished = true;
    }

    private Choice ChoiceAt(int index)
    {
        var place = _choices.FindIndex(choice => choice.Index == index);
        if (place < 0)
        {
            _choices.Add(new Choice(index));
            place = _choices.Count - 1;
        }

        return _choices[place];
    }

    private sealed record Choice(int Index)
    {
        public bool HasBegun { get; init; }

        public bool IsFinished { get; init; }

        public bool CallsTools { get; init; }

        /// <summary>Whole calls so far, by which the next is numbered.</summary>
        public int Calls { get; init; }
    }
}
