using System.Globalization;

namespace Aspire.Hosting.ApplicationModel;

/// <summary>Text with holes that are filled when the graph runs, or named by placeholders when it is published.</summary>
public partial class ReferenceExpression : IExpressionValue, IValueWithReferences
{
    private readonly string[] _manifestExpressions;
    private readonly string?[] _stringFormats;

    internal ReferenceExpression(string format, IValueProvider[] providers, string[] manifestExpressions, string?[] stringFormats)
    {
        Format = format;
        ValueProviders = providers;
        _manifestExpressions = manifestExpressions;
        _stringFormats = stringFormats;
    }

    private ReferenceExpression(IValueProvider condition, string matchValue, ReferenceExpression whenTrue, ReferenceExpression whenFalse)
        : this("", [], [], [])
    {
        Condition = condition;
        MatchValue = matchValue;
        WhenTrue = whenTrue;
        WhenFalse = whenFalse;
    }

    /// <summary>No text at all.</summary>
    public static readonly ReferenceExpression Empty = new("", [], [], []);

    /// <summary>The text with <c>{0}</c>, <c>{1}</c>… for the holes; braces that are meant are doubled.</summary>
    public string Format { get; }

    /// <summary>What fills the holes, in order.</summary>
    public IReadOnlyList<IValueProvider> ValueProviders { get; }

    /// <summary>The placeholder of each hole, in order.</summary>
    public IReadOnlyList<string> ManifestExpressions => _manifestExpressions;

    /// <summary>How each hole is written: <c>"uri"</c> encodes it for a URI, null leaves it as it is.</summary>
    public IReadOnlyList<string?> StringFormats => _stringFormats;

    /// <summary>What decides between <see cref="WhenTrue"/> and <see cref="WhenFalse"/>; null for plain text.</summary>
    public IValueProvider? Condition { get; }

    /// <summary>The value of <see cref="Condition"/> that chooses <see cref="WhenTrue"/>, compared without regard to case.</summary>
    public string? MatchValue { get; }

    /// <summary>Used when the condition's value is <see cref="MatchValue"/>.</summary>
    public ReferenceExpression? WhenTrue { get; }

    /// <summary>Used otherwise.</summary>
    public ReferenceExpression? WhenFalse { get; }

    /// <summary>Whether a condition decides.</summary>
    public bool IsConditional => Condition is not null;

    /// <inheritdoc/>
    public string ValueExpression => IsConditional
        ? $"{{{ConditionalName.Of(this)}.connectionString}}"
        : string.Format(CultureInfo.InvariantCulture, Format, [.. _manifestExpressions.Select(Formatted)]);

    /// <inheritdoc/>
    IEnumerable<object> IValueWithReferences.References => IsConditional
        ? [Condition!, .. ((IValueWithReferences)WhenTrue!).References, .. ((IValueWithReferences)WhenFalse!).References]
        : ValueProviders;

    /// <summary>Text from an interpolated string whose holes are resources, endpoints, parameters or other expressions.</summary>
    public static ReferenceExpression Create(in ExpressionInterpolatedStringHandler handler) => handler.Build();

    /// <summary>One of two texts, chosen by a value that is known only at run time.</summary>
    public static ReferenceExpression CreateConditional(
        IValueProvider condition,
        string matchValue,
        ReferenceExpression whenTrue,
        ReferenceExpression whenFalse) => new(condition, matchValue, whenTrue, whenFalse);

    /// <inheritdoc/>
    public ValueTask<string?> GetValueAsync(CancellationToken cancellationToken) => GetValueAsync(new ValueProviderContext(), cancellationToken);

    /// <inheritdoc/>
    public async ValueTask<string?> GetValueAsync(ValueProviderContext context, CancellationToken cancellationToken)
    {
        if (Condition is not null)
        {
            var value = await Condition.GetValueAsync(context, cancellationToken);
            var chosen = string.Equals(value, MatchValue, StringComparison.OrdinalIgnoreCase) ? WhenTrue! : WhenFalse!;
            return await chosen.GetValueAsync(context, cancellationToken);
        }

        var values = new object?[ValueProviders.Count];
        for (var i = 0; i < values.Length; i++)
        {
            var value = await ValueProviders[i].GetValueAsync(context, cancellationToken);
            values[i] = StringFormats[i] is null ? value : StringFormat.Apply(value, StringFormats[i]!);
        }

        return string.Format(CultureInfo.InvariantCulture, Format, values);
    }

    /// <summary>Whether there is nothing to fill in.</summary>
    internal bool IsLiteral => !IsConditional && ValueProviders.Count == 0;

    /// <summary>The parameter that <paramref name="value"/> is, alone; null: it is something else.</summary>
    internal static ParameterResource? ParameterOf(object value) => value switch
    {
        ParameterResource parameter => parameter,
        ReferenceExpression { Format: "{0}" } alone => ParameterOf(alone.ValueProviders[0]),
        _ => null,
    };

    // A manifest has no functions: the encoded form of a parameter is an entry of its own beside the parameter.
    private string Formatted(string expression, int hole)
    {
        if (_stringFormats[hole] is not { } format)
        {
            return expression;
        }

        return ValueProviders[hole] switch
        {
            ReferenceExpression { IsLiteral: true } => StringFormat.Apply(expression, format)!,
            var value when ParameterOf(value) is { } parameter => $"{{{parameter.Name}-{StringFormat.Uri}-encoded.value}}",
            _ => expression,
        };
    }
}
