using System.Text.Json;

namespace Orrery.Expressions.Values;

internal sealed class JsonList(JsonElement element) : ListValue
{
    public JsonElement Element => element;

    public override int Count { get; } = element.GetArrayLength();

    /// <summary>An array whose elements are containers is walked from its start.</summary>
    internal override long AccessCost => 1 + (Count >> 2);

    internal override bool IsDocument => true;

    public override Value this[int index] => JsonValues.Of(element[index]);
}
