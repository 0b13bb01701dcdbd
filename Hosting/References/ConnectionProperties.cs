using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting;

internal sealed record ConnectionPropertyAnnotation(string Name, ReferenceExpression Value) : IResourceAnnotation;

internal static class ConnectionProperties
{
    /// <summary>What the resource says of itself, then what the AppHost added or changed.</summary>
    public static Dictionary<string, ReferenceExpression> Of(IResourceWithConnectionString resource)
    {
        var properties = new Dictionary<string, ReferenceExpression>(StringComparer.OrdinalIgnoreCase);
        foreach (var (name, value) in resource.GetConnectionProperties())
        {
            properties[name] = value;
        }

        foreach (var added in resource.Annotations.OfType<ConnectionPropertyAnnotation>())
        {
            properties[added.Name] = added.Value;
        }

        return properties;
    }
}

public static partial class ResourceBuilderExtensions
{
    /// <summary>Adds a part of the connection string that consumers get as <c>{NAME}_{PROPERTY}</c>, or replaces one.</summary>
    public static IResourceBuilder<T> WithConnectionProperty<T>(this IResourceBuilder<T> builder, string name, ReferenceExpression value)
        where T : IResourceWithConnectionString => builder.WithAnnotation(new ConnectionPropertyAnnotation(name, value));

    /// <inheritdoc cref="WithConnectionProperty{T}(IResourceBuilder{T}, string, ReferenceExpression)"/>
    public static IResourceBuilder<T> WithConnectionProperty<T>(this IResourceBuilder<T> builder, string name, string value)
        where T : IResourceWithConnectionString => builder.WithConnectionProperty(name, ReferenceExpression.Create($"{value}"));

    /// <summary>The part of the connection string called <paramref name="key"/>.</summary>
    /// <exception cref="KeyNotFoundException">There is none.</exception>
    public static ReferenceExpression GetConnectionProperty(this IResourceWithConnectionString resource, string key) =>
        ConnectionProperties.Of(resource).TryGetValue(key, out var value)
            ? value
            : throw new KeyNotFoundException($"Resource '{resource.Name}' has no connection property '{key}'.");
}
