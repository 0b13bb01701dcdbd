using System.Text.Json;
using System.Text.Unicode;

namespace Orrery.Gateway.Intake;

/// <summary>One forward pass over a body: finds the fields that routing needs and where they stand. No DOM, nothing is copied but the model's name.</summary>
internal static class CallReader
{
    [Flags]
    private enum Seen
    {
        None = 0,
        Model = 1,
        Stream = 2,
        StreamOptions = 4,
        MaxTokens = 8,
        MaxCompletionTokens = 16,
        Choices = 32,
        Input = 64,
        Models = 128,
        Routing = 256,
    }

    public static Refusal? Read(Call call, Operation operation, int maxDepth)
    {
        // The reader looks into the strings it is asked for only; the engine would choke on the rest.
        if (!Utf8.IsValid(call.Body.Span))
        {
            return new Refusal(
                StatusCodes.Status400BadRequest, RefusalTypes.InvalidRequest, "invalid_json", "The body is not valid UTF-8. Send JSON in UTF-8, without a byte order mark.");
        }

        var reader = new Utf8JsonReader(call.Body.Span, new JsonReaderOptions { MaxDepth = maxDepth });
        try
        {
            return ReadBody(ref reader, call, operation);
        }
        catch (JsonException error)
        {
            return Malformed(error, call.Body.Length, maxDepth);
        }
        catch (InvalidOperationException)
        {
            // Utf8JsonReader's way to say that a string has half a surrogate pair.
            return new Refusal(
                StatusCodes.Status400BadRequest, RefusalTypes.InvalidRequest, "invalid_json",
                $"The body has half a surrogate pair (such as \"\\ud83d\" alone) in the text at byte {reader.TokenStartIndex + 1}; expected whole characters.");
        }
    }

    private static Refusal? ReadBody(ref Utf8JsonReader reader, Call call, Operation operation)
    {
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            return new Refusal(
                StatusCodes.Status400BadRequest, RefusalTypes.InvalidRequest, "invalid_body", $"The body is {Kind(reader.TokenType)}; expected a JSON object.");
        }

        var seen = Seen.None;
        var removals = default(Removals);
        var first = (int)reader.BytesConsumed;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var (start, before) = ((int)reader.TokenStartIndex, seen);
            if (ReadField(ref reader, call, operation, ref seen) is { } refusal)
            {
                return refusal;
            }

            if (((seen ^ before) & (Seen.Models | Seen.Routing)) != 0)
            {
                removals.Add(call.Body.Span, start, (int)reader.BytesConsumed);
            }
        }

        call.Removals = removals;

        call.ClosingBrace = (int)reader.TokenStartIndex;
        reader.Read(); // Throws when something follows the object.
        if ((seen & Seen.Model) == 0)
        {
            if (call.Models is null)
            {
                return Missing("model", "the id of a model");
            }

            (call.ModelName, call.Model) = (call.Models[0], new ByteRange(first, 0));
        }

        call.Stream &= operation.MayStream; // Elsewhere engines pass it over, and so do we.
        call.AsksForUsage = call.Stream && operation.HasStreamOptions;
        return (seen & Seen.Input) == 0 && operation.InputField.Length > 0 ? Missing(operation.InputField, InputExpectation(operation)) : null;
    }

    private static Refusal? ReadField(ref Utf8JsonReader reader, Call call, Operation operation, ref Seen seen)
    {
        if (reader.ValueTextEquals("model"u8))
        {
            return Once(ref seen, Seen.Model, "model") ?? ReadModel(ref reader, call);
        }

        if (reader.ValueTextEquals("stream"u8))
        {
            return Once(ref seen, Seen.Stream, "stream") ?? ReadStream(ref reader, call);
        }

        if (reader.ValueTextEquals("stream_options"u8))
        {
            return Once(ref seen, Seen.StreamOptions, "stream_options") ?? ReadStreamOptions(ref reader, call);
        }

        if (reader.ValueTextEquals("models"u8))
        {
            return Once(ref seen, Seen.Models, "models") ?? ReadModels(ref reader, call);
        }

        if (reader.ValueTextEquals("routing"u8))
        {
            return Once(ref seen, Seen.Routing, "routing") ?? ReadRouting(ref reader, call);
        }

        if (reader.ValueTextEquals("max_tokens"u8))
        {
            return Once(ref seen, Seen.MaxTokens, "max_tokens") ?? ReadCount(ref reader, "max_tokens", 0, out var tokens) ?? KeepMaxTokens(call, tokens);
        }

        if (reader.ValueTextEquals("max_completion_tokens"u8))
        {
            return Once(ref seen, Seen.MaxCompletionTokens, "max_completion_tokens")
                ?? ReadCount(ref reader, "max_completion_tokens", 0, out var tokens) ?? KeepMaxTokens(call, tokens);
        }

        if (reader.ValueTextEquals("n"u8))
        {
            return Once(ref seen, Seen.Choices, "n") ?? ReadChoices(ref reader, call);
        }

        if (operation.InputFieldUtf8.Length > 0 && reader.ValueTextEquals(operation.InputFieldUtf8))
        {
            return Once(ref seen, Seen.Input, operation.InputField) ?? ReadInput(ref reader, operation);
        }

        if (FieldNames.MistakenFor(ref reader) is { } meant)
        {
            var name = Shown.Of(reader.GetString());
            return Refusal.BadField(name, $"'{name}' is spelled like '{meant}', which some servers take it for; expected '{meant}'.", "ambiguous_field");
        }

        var isTools = reader.ValueTextEquals("tools"u8);
        reader.Read();
        call.HasTools |= isTools && reader.TokenType == JsonTokenType.StartArray;
        reader.Skip();
        return null;
    }

    private static Refusal? ReadModel(ref Utf8JsonReader reader, Call call)
    {
        reader.Read();
        if (reader.TokenType != JsonTokenType.String)
        {
            return Wrong("model", "the id of a model as a string", reader.TokenType);
        }

        call.Model = Here(ref reader);
        try
        {
            call.ModelName = reader.GetString() ?? "";
        }
        catch (InvalidOperationException)
        {
            return Refusal.BadField("model", "'model' is not valid text; expected the id of a model in UTF-8.");
        }

        return string.IsNullOrWhiteSpace(call.ModelName) ? Refusal.BadField("model", "'model' is empty; expected the id of a model.") : null;
    }

    private static Refusal? ReadModels(ref Utf8JsonReader reader, Call call)
    {
        var refusal = RoutingWish.ReadNames(ref reader, "models", out var names);
        call.Models = names;
        return refusal;
    }

    private static Refusal? ReadRouting(ref Utf8JsonReader reader, Call call)
    {
        var refusal = RoutingWish.Read(ref reader, out var wish);
        call.Routing = wish;
        return refusal;
    }

    private static Refusal? ReadStream(ref Utf8JsonReader reader, Call call)
    {
        reader.Read();
        call.Stream = reader.TokenType == JsonTokenType.True;
        return reader.TokenType is JsonTokenType.True or JsonTokenType.False or JsonTokenType.Null
            ? null
            : Wrong("stream", "true or false", reader.TokenType);
    }

    private static Refusal? ReadStreamOptions(ref Utf8JsonReader reader, Call call)
    {
        reader.Read();
        if (reader.TokenType == JsonTokenType.Null)
        {
            call.StreamOptions = new StreamOptions { Value = Here(ref reader) };
            return null;
        }

        if (reader.TokenType != JsonTokenType.StartObject)
        {
            return Wrong("stream_options", "an object such as {\"include_usage\": true}", reader.TokenType);
        }

        var start = (int)reader.TokenStartIndex;
        var isEmpty = true;
        ByteRange includeUsage = default, continuousUsage = default;
        bool wantsUsage = false, wantsContinuous = false;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            isEmpty = false;
            if (reader.ValueTextEquals("include_usage"u8))
            {
                reader.Read();
                (includeUsage, wantsUsage) = (Here(ref reader), reader.TokenType == JsonTokenType.True);
                if (reader.TokenType is not (JsonTokenType.True or JsonTokenType.False or JsonTokenType.Null))
                {
                    return Wrong("stream_options.include_usage", "true or false", reader.TokenType);
                }
            }
            else if (reader.ValueTextEquals("continuous_usage_stats"u8))
            {
                reader.Read();
                (continuousUsage, wantsContinuous) = (Here(ref reader), reader.TokenType == JsonTokenType.True);
                if (reader.TokenType is not (JsonTokenType.True or JsonTokenType.False or JsonTokenType.Null))
                {
                    return Wrong("stream_options.continuous_usage_stats", "true or false", reader.TokenType);
                }
            }
            else
            {
                reader.Skip();
            }
        }

        call.StreamOptions = new StreamOptions
        {
            Value = new ByteRange(start, (int)reader.BytesConsumed - start),
            IsObject = true,
            IsEmptyObject = isEmpty,
            IncludeUsageValue = includeUsage,
            ContinuousUsageValue = continuousUsage,
            IncludeUsage = wantsUsage,
            ContinuousUsage = wantsUsage && wantsContinuous,
        };
        return null;
    }

    private static Refusal? ReadChoices(ref Utf8JsonReader reader, Call call)
    {
        var refusal = ReadCount(ref reader, "n", 1, out var choices);
        call.Choices = choices ?? 1;
        return refusal;
    }

    private static Refusal? ReadCount(ref Utf8JsonReader reader, string field, long least, out long? count)
    {
        reader.Read();
        count = null;
        if (reader.TokenType == JsonTokenType.Null)
        {
            return null;
        }

        if (reader.TokenType != JsonTokenType.Number)
        {
            return Wrong(field, "a whole number", reader.TokenType);
        }

        if (!reader.TryGetInt64(out var value) || value < least)
        {
            return Refusal.BadField(field, $"'{field}' is {Number(ref reader)}; expected a whole number of at least {least}.");
        }

        count = value;
        return null;
    }

    private static Refusal? ReadInput(ref Utf8JsonReader reader, Operation operation)
    {
        reader.Read();
        var isArray = reader.TokenType == JsonTokenType.StartArray;
        var shape = isArray ? InputShapes.Array
            : reader.TokenType == JsonTokenType.String ? InputShapes.Text
            : reader.TokenType == JsonTokenType.StartObject ? InputShapes.Object
            : default;
        if ((operation.Input & shape) == 0)
        {
            return Wrong(operation.InputField, InputExpectation(operation), reader.TokenType);
        }

        var ahead = reader;
        var isEmpty = isArray && ahead.Read() && ahead.TokenType == JsonTokenType.EndArray;
        reader.Skip();
        return isEmpty && operation == Operation.Chat
            ? Refusal.BadField(operation.InputField, "'messages' is empty; expected at least one message.")
            : null;
    }

    private static Refusal? KeepMaxTokens(Call call, long? tokens)
    {
        // Engines differ in which of the two names counts, so the larger one may.
        call.MaxTokens = tokens is null ? call.MaxTokens : Math.Max(tokens.Value, call.MaxTokens ?? 0);
        return null;
    }

    /// <summary>Two readers may take different ones of two values, so a field that decides something may stand only once.</summary>
    private static Refusal? Once(ref Seen seen, Seen field, string name)
    {
        var repeated = (seen & field) != 0;
        seen |= field;
        return repeated ? Refusal.BadField(name, $"'{name}' appears twice; expected it once.", "duplicate_field") : null;
    }

    private static ByteRange Here(ref Utf8JsonReader reader) => new((int)reader.TokenStartIndex, (int)(reader.BytesConsumed - reader.TokenStartIndex));

    private static string Number(ref Utf8JsonReader reader) => Shown.Of(System.Text.Encoding.ASCII.GetString(reader.ValueSpan));

    private static string InputExpectation(Operation operation) => operation == Operation.Chat ? "an array of messages" : operation.Input switch
    {
        InputShapes.Text => "a string",
        InputShapes.Array | InputShapes.Object => "an array",
        _ => "a string or an array",
    };

    private static Refusal Missing(string field, string expectation) =>
        Refusal.BadField(field, $"'{field}' is missing; expected {expectation}.", "missing_required_parameter");

    private static Refusal Wrong(string field, string expectation, JsonTokenType found) =>
        Refusal.BadField(field, $"'{field}' is {Kind(found)}; expected {expectation}.", "invalid_type");

    private static Refusal Malformed(JsonException error, int length, int maxDepth)
    {
        var where = $"line {error.LineNumber + 1}, position {error.BytePositionInLine + 1}";
        var what = length == 0 ? "The body is empty; expected a JSON object."
            : error.Message.Contains("maximum configured depth", StringComparison.Ordinal) ? $"The body nests deeper than {maxDepth} levels at {where}."
            : $"The body is not valid JSON at {where}; expected one JSON object.";
        return new Refusal(StatusCodes.Status400BadRequest, RefusalTypes.InvalidRequest, "invalid_json", what);
    }

    private static string Kind(JsonTokenType token) => token switch
    {
        JsonTokenType.StartObject => "an object",
        JsonTokenType.StartArray => "an array",
        JsonTokenType.String => "a string",
        JsonTokenType.Number => "a number",
        JsonTokenType.True or JsonTokenType.False => "a boolean",
        _ => "null",
    };
}
