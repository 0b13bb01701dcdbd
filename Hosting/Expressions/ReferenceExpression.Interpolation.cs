using System.Runtime.CompilerServices;

namespace Aspire.Hosting.ApplicationModel;

public partial class ReferenceExpression
{
    /// <summary>Lets an interpolated string become a <see cref="ReferenceExpression"/>; each hole takes the format <c>uri</c> (<c>{password:uri}</c>).</summary>
    [InterpolatedStringHandler]
    public ref struct ExpressionInterpolatedStringHandler
    {
        private readonly ReferenceExpressionBuilder _builder = new();

        /// <summary>An empty expression.</summary>
        public ExpressionInterpolatedStringHandler()
        {
        }

        /// <summary>Called by the compiler.</summary>
        public ExpressionInterpolatedStringHandler(int literalLength, int formattedCount)
        {
            LiteralLength = literalLength;
            FormattedCount = formattedCount;
        }

        internal readonly int LiteralLength { get; }

        internal readonly int FormattedCount { get; }

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

        /// <summary>Appends a resource in a format.</summary>
        public readonly void AppendFormatted<T>(IResourceBuilder<T> valueProvider, string? format = null)
            where T : IResource, IValueProvider, IManifestExpressionProvider => _builder.AppendValueProvider(valueProvider.Resource, format);

        internal readonly ReferenceExpression Build() => _builder.Build();
    }
}
