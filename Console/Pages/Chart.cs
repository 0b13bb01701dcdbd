namespace Orrery.WebConsole.Pages;

/// <summary>One line of a chart; <c>null</c> where there is nothing to draw.</summary>
public sealed record ChartLine(string Name, IReadOnlyList<(DateTimeOffset Time, double? Value)> Points)
{
    /// <summary>The newest value.</summary>
    public double? Last => Points.LastOrDefault(point => point.Value is not null).Value;
}

/// <summary>Lines over one span of time, from 0 to <see cref="Top"/>.</summary>
/// <param name="Unit">An OpenTelemetry unit, or <c>%</c>.</param>
public sealed record Chart(string Title, string Unit, IReadOnlyList<ChartLine> Lines, DateTimeOffset From, DateTimeOffset To)
{
    /// <summary>Less is nothing that a chart could show.</summary>
    private const double Least = 1e-12;

    public string WhenEmpty { get; init; } = "Nothing measured in this time.";

    public bool IsEmpty => !Lines.Any(line => line.Last is not null);

    /// <summary>The least round number (1, 2 or 5 times a power of ten) that no line passes.</summary>
    public double Top
    {
        get
        {
            var most = Lines.SelectMany(line => line.Points).Max(point => point.Value) ?? 0;
            if (most is not (>= Least and <= double.MaxValue))
            {
                return 1;
            }

            var power = Math.Pow(10, Math.Floor(Math.Log10(most)));
            return new[] { 1, 2, 5, 10 }.Select(factor => factor * power).FirstOrDefault(top => top >= most * 0.9999, most);
        }
    }
}
