using System.Runtime.CompilerServices;
using System.Text;

namespace Aspire.Hosting.ApplicationModel;

/// <summary>Builds a <see cref="ReferenceExpression"/> piece by piece.</summary>
public class ReferenceExpressionBuilder
{
    private readonly StringBuilder _format = new();
    private readonly List<IValueProvider> _providers = [];
    private readonly List<string> _expressions = [];
    private readonly List<string?> _stringFormats = [];

    /// <summary>Whether nothing has been appended yet.</summary>
    public bool IsEmpty => _format.Length == 0;

    /// <summary>Appends an interpolated string.</summary>
    public void Append([InterpolatedStringHandlerArgument("")] in ReferenceExpressionBuilderInterpolatedStringHandler handler)
    {
        // The handler has written into this builder already.
    }

    /// <summary>Appends text as it is.</summary>
    public void AppendLiteral(string value) => _format.Append(value.Replace("{", "{{", StringComparison.Ordinal).Replace("}", "}}", StringComparison.Ordinal));

    /// <summary>Appends text as it is; null appends nothing.</summary>
    public void AppendFormatted(string? value) => AppendFormatted(value, null);

    /// <summary>Appends text in <paramref name="format"/> (<c>"uri"</c>, or null for as it is).</summary>
    public void AppendFormatted(string? value, string? format = null)
    {
        if (value is not null)
        {
            AppendLiteral(format is null ? value : StringFormat.Apply(value, format)!);
        }
    }

    /// <summary>Appends a hole.</summary>
    public void AppendFormatted<T>(T valueProvider)
        where T : IValueProvider, IManifestExpressionProvider => AppendValueProvider(valueProvider);

    /// <summary>Appends a hole in <paramref name="format"/> (<c>"uri"</c>, or null for as it is).</summary>
    public void AppendFormatted<T>(T valueProvider, string? format)
        where T : IValueProvider, IManifestExpressionProvider => AppendValueProvider(valueProvider, format);

    /// <summary>Appends a hole; the object must be both <see cref="IValueProvider"/> and <see cref="IManifestExpressionProvider"/>.</summary>
    /// <exception cref="ArgumentException">It is not.</exception>
    public void AppendValueProvider(object valueProvider, string? format = null)
    {
        if (valueProvider is not IValueProvider provider || valueProvider is not IManifestExpressionProvider manifest)
        {
            throw new ArgumentException(
                $"A {valueProvider?.GetType().Name ?? "null"} cannot stand in a reference expression: expected a resource, an endpoint, a parameter or an expression.",
                nameof(valueProvider));
        }

        _format.Append('{').Append(_providers.Count).Append('}');
        _providers.Add(provider);
        _expressions.Add(manifest.ValueExpression);
        _stringFormats.Add(format);
    }

    /// <summary>The expression so far.</summary>
    public ReferenceExpression Build() => new(_format.ToString(), [.. _providers], [.. _expressions], [.. _stringFormats]);

    /// <summary>Lets <see cref="Append"/> take an interpolated string.</summary>
    [InterpolatedStringHandler]
    public ref struct ReferenceExpressionBuilderInterpolatedStringHandler(int literalLength, int formattedCount, ReferenceExpressionBuilder builder)
    {
        private readonly ReferenceExpressionBuilder _builder = builder;

        /// <summary>The compiler's hint of how many holes come.</summary>
        public readonly int FormattedCount { get; } = formattedCount;

        /// <summary>The compiler's hint of how much text comes.</summary>
        public readonly int LiteralLength { get; } = literalLength;

        /// <inheritdoc cref="ReferenceExpressionBuilder.AppendLiteral"/>
        public readonly void AppendLiteral(string value) => _builder.AppendLiteral(value);

        /// <inheritdoc cref="ReferenceExpressionBuilder.AppendFormatted(string?)"/>
        public readonly void AppendFormatted(string? value) => _builder.AppendFormatted(value);

        /// <inheritdoc cref="ReferenceExpressionBuilder.AppendFormatted(string?, string?)"/>
        public readonly void AppendFormatted(string? value, string? format = null) => _builder.AppendFormatted(value, format);

        /// <summary>Appends a hole.</summary>
        public readonly void AppendFormatted<T>(T valueProvider)
            where T : IValueProvider, IManifestExpressionProvider => _builder.AppendValueProvider(valueProvider);

        /// <summary>Appends a hole in a format.</summary>
        public readonly void AppendFormatted<T>(T valueProvider, string? format = null)
            where T : IValueProvider, IManifestExpressionProvider => _builder.AppendValueProvider(valueProvider, format);

        /// <summary>Appends a resource.</summary>
        public readonly void AppendFormatted<T>(IResourceBuilder<T> valueProvider)
            where T : IResource, IValueProvider, IManifestExpressionProvider => _builder.AppendValueProvider(valueProvider.Resource);
    }
}
