using System.Globalization;
using Orrery.Expressions;

namespace Orrery.Tests.Expressions;

/// <summary>Tables of expressions and what they give, a line each: <c>expression => result</c>.</summary>
internal static class Facts
{
    private const string Arrow = " => ";

    public static TheoryData<string, string> Table(string lines)
    {
        var rows = new TheoryData<string, string>();
        foreach (var line in lines.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            var arrow = line.LastIndexOf(Arrow, StringComparison.Ordinal);
            rows.Add(line[..arrow].TrimEnd(), line[(arrow + Arrow.Length)..].Trim());
        }

        return rows;
    }

    /// <summary>The value, <c>!Kind</c> of an error of the evaluation, or <c>?</c> and the problem where it does not compile.</summary>
    public static string Give(string source) => Expression.TryCompile(source, new Scope(), out var expression, out var errors)
        ? Show(expression.Evaluate(new EvaluationSettings(Random: new Random(7))))
        : $"? {errors[0].Problem}";

    public static string Show(EvaluationResult result) => result.Error is { } error ? $"!{error.Kind}" : Show(result.Value);

    public static string Show(Value value) => value.Kind switch
    {
        ValueKind.Int => value.AsInt().ToString(CultureInfo.InvariantCulture),
        ValueKind.Double => Show(value.AsDouble()),
        ValueKind.List => $"[{string.Join(", ", Enumerable.Range(0, value.AsList().Count).Select(i => Show(value.AsList()[i])))}]",
        ValueKind.Map => $"{{{string.Join(", ", value.AsMap().Keys.Select(key => $"{Show(key)}: {Show(Get(value.AsMap(), key))}"))}}}",
        _ => value.ToString(),
    };

    private static string Show(double number) => double.IsFinite(number) && Math.Truncate(number) == number && Math.Abs(number) < 1e15
        ? (BitConverter.DoubleToInt64Bits(number) == long.MinValue ? "-0.0" : number.ToString("F1", CultureInfo.InvariantCulture))
        : number.ToString("R", CultureInfo.InvariantCulture);

    private static Value Get(MapValue map, Value key)
    {
        Assert.True(map.TryGet(key, out var value));
        return value;
    }
}
