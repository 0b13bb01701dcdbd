using System.Text.RegularExpressions;

namespace Orrery.Tests.Kubernetes;

/// <summary>What a field may hold. Made from the OpenAPI document for built-in kinds, written as tables for the others.</summary>
internal abstract record Shape
{
    /// <summary>Any value at all.</summary>
    public static Shape Anything { get; } = new AnyShape();

    public static Shape Flag { get; } = new FlagShape();

    public static Shape Text { get; } = new TextShape();

    public static Shape Number { get; } = new NumberShape();

    public static Shape Amount { get; } = new TextShape { Format = "quantity" };

    public static Shape IntOrString { get; } = new IntOrStringShape();

    public static Shape Port { get; } = new WholeShape(1, 65535);

    public static Shape Whole(long least = int.MinValue, long most = int.MaxValue) => new WholeShape(least, most);

    public static Shape OneOf(params string[] values) => new TextShape { Values = values };

    public static Shape Matching(string pattern, int longest = int.MaxValue) => new TextShape { Pattern = new Regex(pattern), Longest = longest };

    public static Shape NonEmpty(int longest = int.MaxValue) => new TextShape { Shortest = 1, Longest = longest };

    public static Shape ListOf(Shape item, int least = 0, int most = int.MaxValue) => new ListShape(item, least, most);

    public static Shape MapOf(Shape value) => new ObjectShape(new Dictionary<string, Shape>(), []) { Others = value };

    /// <summary>An object with exactly these fields; a name that ends in <c>*</c> is required.</summary>
    public static Shape Object(params (string Name, Shape Shape)[] fields) =>
        new ObjectShape(
            fields.ToDictionary(field => field.Name.TrimEnd('*'), field => field.Shape, StringComparer.Ordinal),
            [.. fields.Where(field => field.Name.EndsWith('*')).Select(field => field.Name.TrimEnd('*'))]);
}

internal sealed record AnyShape : Shape;

internal sealed record FlagShape : Shape;

internal sealed record NumberShape : Shape;

internal sealed record IntOrStringShape : Shape;

internal sealed record WholeShape(long Least, long Most) : Shape;

internal sealed record TextShape : Shape
{
    /// <summary><c>byte</c>, <c>date-time</c>, <c>quantity</c> or null.</summary>
    public string? Format { get; init; }

    public Regex? Pattern { get; init; }

    public IReadOnlyList<string>? Values { get; init; }

    public int Shortest { get; init; }

    public int Longest { get; init; } = int.MaxValue;
}

internal sealed record ListShape(Shape Item, int Least, int Most) : Shape;

/// <summary>An object.</summary>
internal sealed record ObjectShape(IReadOnlyDictionary<string, Shape> Fields, IReadOnlyList<string> Required) : Shape
{
    /// <summary>What fields that have no name of their own may hold; null: there are none.</summary>
    public Shape? Others { get; init; }
}

/// <summary>A shape that is made when it is first met, since some contain themselves.</summary>
internal sealed record LaterShape(Lazy<Shape> Shape) : Shape;
