using System.Globalization;
using System.Text.Json;
using Orrery.Expressions;

namespace Orrery.Contracts.Transforms;

/// <summary>
/// A client's request as expressions see it. It knows what was read of it: what a transform never looks at, its server cannot be told, and
/// <see cref="Unsaid"/> names what of that would change the answer.
/// </summary>
/// <param name="body">OpenAI's request; must outlive this and what was read of it.</param>
/// <param name="maxTokens">Of the answer, by whichever name the client wrote it, or as the gateway bounds it.</param>
public sealed class TransformRequest(RequestShape shape, JsonElement body, long? maxTokens)
{
    private ulong _read;
    private List<RequestTurn>? _turns;
    private (string Field, string Expected)? _unsayable;

    /// <summary>The first field that would change the answer and that the transform did not, or could not, say.</summary>
    /// <remarks>To be asked once the body is written.</remarks>
    public (string Field, string Expected)? Unsaid => _unsayable ?? UnsaidFields.Find(this);

    internal JsonElement Body => body;

    internal RequestShape Shape => shape;

    internal IReadOnlyList<RequestTurn>? TurnsRead => _turns;

    internal bool StopWasRead { get; private set; }

    internal bool HasRead(string field) => shape.PlaceOf(field) is var place && place >= 0 && (_read & (1UL << place)) != 0;

    internal Value Plain(int place)
    {
        _read |= 1UL << place;
        return body.TryGetProperty(shape.FieldAt(place), out var value) ? Value.Json(value) : Value.Null;
    }

    internal Value MaxTokens => maxTokens is { } most ? most : Value.Null;

    /// <summary>A list, however the client wrote it; <c>null</c> where there is none.</summary>
    internal Value Stop
    {
        get
        {
            StopWasRead = true;
            return !body.TryGetProperty("stop", out var stop) || stop.ValueKind == JsonValueKind.Null ? Value.Null
                : stop.ValueKind == JsonValueKind.String ? Value.List(Value.Json(stop))
                : Value.Json(stop);
        }
    }

    internal Value Turns
    {
        get
        {
            _turns ??= body.TryGetProperty("messages", out var messages) && messages.ValueKind == JsonValueKind.Array
                ? [.. messages.EnumerateArray().Where(message => message.ValueKind == JsonValueKind.Object).Select((message, place) => new RequestTurn(this, message, place))]
                : [];
            return RequestTurn.Type.ListOf(_turns);
        }
    }

    /// <summary>The one text of <c>prompt</c>.</summary>
    internal Value Text
    {
        get
        {
            body.TryGetProperty("prompt", out var prompt);
            if (prompt.ValueKind == JsonValueKind.Array && prompt.GetArrayLength() == 1)
            {
                prompt = prompt[0];
            }

            return prompt.ValueKind == JsonValueKind.String ? Value.Json(prompt) : Unsayable("prompt", "one text");
        }
    }

    /// <summary>The texts of <c>input</c>.</summary>
    internal Value Texts
    {
        get
        {
            body.TryGetProperty("input", out var input);
            return input.ValueKind == JsonValueKind.String ? Value.List(Value.Json(input))
                : input.ValueKind == JsonValueKind.Array && input.EnumerateArray().All(text => text.ValueKind == JsonValueKind.String) ? Value.Json(input)
                : Unsayable("input", "a text or a list of texts");
        }
    }

    /// <summary>What is none of OpenAI's fields, such as <c>top_k</c>.</summary>
    internal Value Extra => Value.Map(body.EnumerateObject().Where(property => !shape.Knows(property.Name)).Select(property => KeyValuePair.Create(property.Name, Value.Json(property.Value))));

    /// <summary>A side of <c>size</c>; <c>null</c> where it names none.</summary>
    internal Value Side(int place)
    {
        if (!body.TryGetProperty("size", out var size) || size.ValueKind != JsonValueKind.String)
        {
            return Value.Null;
        }

        return size.GetString()!.Split('x') is { Length: 2 } sides && long.TryParse(sides[place], NumberStyles.None, CultureInfo.InvariantCulture, out var side) ? side : Value.Null;
    }

    internal Value Unsayable(string field, string expected)
    {
        _unsayable ??= (field, expected);
        return Value.Null;
    }
}
