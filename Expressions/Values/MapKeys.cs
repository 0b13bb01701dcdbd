using System.Diagnostics.CodeAnalysis;

namespace Orrery.Expressions.Values;

/// <summary>What may be a key, and when two keys are one.</summary>
internal static class MapKeys
{
    public static readonly IEqualityComparer<Value> Comparer = new KeyComparer();

    public static bool IsKey(in Value value) => value.IsString || value.IsInt || value.IsBool;

    /// <summary>A double that is a whole number asks for the integer; what can be no key is refused.</summary>
    public static bool TryNormalize(ref Value key)
    {
        if (key.IsDouble && Numbers.TryWhole(key.Double, out var whole))
        {
            key = whole;
        }

        return IsKey(key);
    }

    public static int Find(ReadOnlySpan<Value> keys, in Value key)
    {
        for (var i = 0; i < keys.Length; i++)
        {
            if (AreSame(keys[i], key))
            {
                return i;
            }
        }

        return -1;
    }

    private static bool AreSame(in Value left, in Value right) => left.IsString
        ? right.IsString && string.Equals(left.String, right.String, StringComparison.Ordinal)
        : left.Kind == right.Kind && left.Int == right.Int;

    private sealed class KeyComparer : IEqualityComparer<Value>
    {
        public bool Equals(Value x, Value y) => AreSame(x, y);

        public int GetHashCode([DisallowNull] Value obj) => obj.IsString ? obj.String.GetHashCode(StringComparison.Ordinal) : obj.Int.GetHashCode();
    }
}
