using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Orrery.Simulator.Text;

/// <summary>Numbers for a schema: within its limits and on its grid (<c>multipleOf</c>; whole numbers, or hundredths).</summary>
internal static class NumberSampler
{
    private const double FinestStep = 1e-9;

    /// <returns><c>false</c> when no number keeps to all limits; then <paramref name="fault"/> says which.</returns>
    public static bool TrySample(SchemaView schema, Random random, [NotNullWhen(true)] out string? json, [NotNullWhen(false)] out string? fault)
    {
        (json, fault) = (null, null);
        var isInteger = schema.Type == "integer";
        var step = Step(schema, isInteger);
        var min = Bound(schema, "minimum", "exclusiveMinimum", step, isLower: true);
        var max = Bound(schema, "maximum", "exclusiveMaximum", step, isLower: false);
        min ??= max is null ? 0 : max - (100 * step);
        max ??= min + (100 * step);
        var first = decimal.Ceiling(min.Value / step);
        var last = decimal.Floor(max.Value / step);
        var value = Math.Min(first + decimal.Floor((decimal)random.NextDouble() * (last - first + 1)), last) * step;
        if (first > last)
        {
            if (isInteger || schema.Number("multipleOf") is not null || min > max)
            {
                fault = string.Create(CultureInfo.InvariantCulture, $"has no {schema.Type} from {min} to {max}");
                return false;
            }

            value = (min.Value + max.Value) / 2;
        }

        json = value.ToString("0.############", CultureInfo.InvariantCulture);
        return true;
    }

    private static decimal Step(SchemaView schema, bool isInteger)
    {
        var step = schema.Number("multipleOf") is { } multiple and >= FinestStep ? Limit(multiple) : isInteger ? 1m : 0.01m;
        return isInteger && step != decimal.Truncate(step) ? 1m : step;
    }

    private static decimal? Bound(SchemaView schema, string inclusive, string exclusive, decimal step, bool isLower)
    {
        var open = schema.Number(exclusive) is { } beyond ? Limit(beyond) + (isLower ? step : -step) : (decimal?)null;
        var closed = schema.Number(inclusive) is { } limit ? Limit(limit) : (decimal?)null;
        if (open is null || closed is null)
        {
            return open ?? closed;
        }

        return isLower ? Math.Max(open.Value, closed.Value) : Math.Min(open.Value, closed.Value);
    }

    /// <summary>What decimal arithmetic can hold whatever the step.</summary>
    private static decimal Limit(double value) => (decimal)Math.Clamp(value, -1e15, 1e15);
}
