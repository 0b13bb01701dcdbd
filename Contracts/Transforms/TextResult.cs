using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Orrery.Expressions;

namespace Orrery.Contracts.Transforms;

/// <summary>One choice of an answer, or a piece of it.</summary>
public sealed record ChoiceResult
{
    public int Index { get; init; }

    public string? Content { get; init; }

    public string? Reasoning { get; init; }

    public string? Refusal { get; init; }

    public string? Finish { get; init; }

    public IReadOnlyList<CallResult> Calls { get; init; } = [];

    public bool HasContent => Content is { Length: > 0 } || Reasoning is { Length: > 0 } || Refusal is { Length: > 0 } || Calls.Count > 0;

    /// <summary>Bytes of what was said, for an estimate.</summary>
    public int Bytes => Length(Content) + Length(Reasoning) + Length(Refusal) + Calls.Sum(call => Length(call.Name) + Length(call.Arguments));

    private static int Length(string? text) => text is null ? 0 : Encoding.UTF8.GetByteCount(text);
}

/// <param name="Index">Which call a piece belongs to; <c>null</c>: it is a whole one.</param>
public sealed record CallResult(long? Index, string? Id, string? Name, string Arguments);

/// <summary>What an expression says of a chat or a completion: a text alone, the fields of one choice, or several choices.</summary>
public sealed record TextResult(IReadOnlyList<ChoiceResult> Choices, CountedTokens? Usage)
{
    private const int MostChoices = 64;
    private const string Shape = "a text, null, or a map of content, reasoning, tool_calls, finish_reason and usage";
    private static readonly JsonWriterOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <param name="usage">What the expression for usage alone gave.</param>
    public static TextResult? Read(in Value value, in Value usage, bool isChat, out ResultFault? fault)
    {
        var results = new ResultReader();
        var result = Read(ref results, value, usage, isChat);
        fault = results.Fault;
        return fault is null ? result : null;
    }

    private static TextResult Read(ref ResultReader results, in Value value, in Value usage, bool isChat)
    {
        var ofItsOwn = results.OwnUsage(usage);
        switch (value.Kind)
        {
            case ValueKind.Null:
                return new TextResult([], ofItsOwn);
            case ValueKind.String:
                return new TextResult([new ChoiceResult { Content = value.AsString() }], ofItsOwn);
            case ValueKind.Map:
                var map = value.AsMap();
                var counted = ofItsOwn ?? results.Usage(ResultReader.Of(map, "usage"));
                return new TextResult(map.TryGet("choices", out var choices) ? ReadChoices(ref results, map, choices, isChat) : [ReadChoice(ref results, map, 0, isChat, mayCount: true)], counted);
            default:
                results.Fail($"gives {ResultReader.Name(value)}; expected {Shape}");
                return new TextResult([], null);
        }
    }

    private static List<ChoiceResult> ReadChoices(ref ResultReader results, MapValue map, in Value value, bool isChat)
    {
        results.Require(map, ResultKeys.Several, "a map");
        var choices = new List<ChoiceResult>();
        if (value.Kind != ValueKind.List || value.AsList().Count > MostChoices)
        {
            results.Fail($"gives {ResultReader.Name(value)} as 'choices'; expected a list of at most {MostChoices}");
            return choices;
        }

        var list = value.AsList();
        for (var i = 0; i < list.Count; i++)
        {
            var choice = list[i];
            if (choice.Kind == ValueKind.Map)
            {
                choices.Add(ReadChoice(ref results, choice.AsMap(), i, isChat, mayCount: false));
            }
            else if (choice.Kind == ValueKind.String)
            {
                choices.Add(new ChoiceResult { Index = i, Content = choice.AsString() });
            }
            else
            {
                results.Fail($"gives {ResultReader.Name(choice)} as a choice; expected {Shape}");
            }
        }

        return choices;
    }

    private static ChoiceResult ReadChoice(ref ResultReader results, MapValue map, int place, bool isChat, bool mayCount)
    {
        results.Require(map, (isChat, mayCount) switch { (true, true) => ResultKeys.OneChat, (true, false) => ResultKeys.Chat, (false, true) => ResultKeys.OneText, _ => ResultKeys.Text }, "a map");
        var finish = results.Text(map, "finish_reason");
        if (finish is not null && !ResultKeys.FinishReasons.Contains(finish))
        {
            results.Fail($"gives the finish_reason '{ResultReader.Shown(finish)}'; expected {string.Join(", ", ResultKeys.FinishReasons)} or null");
        }

        var index = results.Count(map, "index") ?? place;
        if (index >= MostChoices)
        {
            results.Fail($"gives the index {index}; expected less than {MostChoices}");
        }

        return new ChoiceResult
        {
            Index = (int)Math.Min(index, MostChoices),
            Content = results.Text(map, "content") ?? (isChat ? null : results.Text(map, "text")),
            Reasoning = isChat ? results.Text(map, "reasoning") : null,
            Refusal = isChat ? results.Text(map, "refusal") : null,
            Finish = finish,
            Calls = isChat ? ReadCalls(ref results, ResultReader.Of(map, "tool_calls")) : [],
        };
    }

    private static List<CallResult> ReadCalls(ref ResultReader results, in Value value)
    {
        var calls = new List<CallResult>();
        if (value.IsNull)
        {
            return calls;
        }

        if (value.Kind != ValueKind.List)
        {
            results.Fail($"gives {ResultReader.Name(value)} as 'tool_calls'; expected a list or null");
            return calls;
        }

        var list = value.AsList();
        for (var i = 0; i < list.Count; i++)
        {
            if (list[i].Kind != ValueKind.Map)
            {
                results.Fail($"gives {ResultReader.Name(list[i])} as a call of a tool; expected {{'name', 'arguments'}}");
                break;
            }

            var call = list[i].AsMap();
            results.Require(call, ResultKeys.Call, "a call of a tool");
            var function = ResultReader.Of(call, "function");
            var said = function.Kind == ValueKind.Map ? function.AsMap() : call;
            var index = results.Count(call, "index");
            var name = results.Text(said, "name");
            if (name is null && index is null)
            {
                results.Fail("gives a call of a tool without 'name'");
            }

            calls.Add(new CallResult(index, results.Text(call, "id"), name, Arguments(ref results, ResultReader.Of(said, "arguments"), isPiece: index is not null)));
        }

        return calls;
    }

    /// <summary>OpenAI's arguments are a text of JSON, and other servers' mostly the JSON itself.</summary>
    private static string Arguments(ref ResultReader results, in Value value, bool isPiece)
    {
        switch (value.Kind)
        {
            case ValueKind.Null:
                return isPiece ? "" : "{}";
            case ValueKind.String:
                return value.AsString();
            case ValueKind.Map:
                var bytes = new ArrayBufferWriter<byte>();
                using (var json = new Utf8JsonWriter(bytes, Readable))
                {
                    if (value.WriteTo(json) is { } error)
                    {
                        results.Fail($"gives arguments of a tool that cannot be written: {error}");
                    }
                }

                return Encoding.UTF8.GetString(bytes.WrittenSpan);
            default:
                results.Fail($"gives {ResultReader.Name(value)} as 'arguments'; expected a map or a text of JSON");
                return "";
        }
    }
}
