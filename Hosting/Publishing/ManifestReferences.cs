using System.Globalization;
using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting.Publishing;

/// <summary>What the entries of a manifest refer to, and must therefore be in it.</summary>
internal sealed class ManifestReferences
{
    private readonly HashSet<object> _within = new(ReferenceEqualityComparer.Instance);
    private readonly List<string> _faults = [];

    /// <summary>Resources that something refers to, in the order in which they were met.</summary>
    public OrderedDictionary<string, IResource> Resources { get; } = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Parameters that stand in a URI somewhere.</summary>
    public OrderedDictionary<string, ParameterResource> UriParameters { get; } = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Expressions with a condition, by the name of their entry.</summary>
    public OrderedDictionary<string, ReferenceExpression> Conditionals { get; } = new(StringComparer.Ordinal);

    /// <summary>Resources that are left out of the manifest.</summary>
    public HashSet<string> LeftOut { get; } = new(StringComparer.OrdinalIgnoreCase);

    public IReadOnlyList<string> Faults => _faults;

    /// <summary>The placeholder of a value; notes what it refers to.</summary>
    /// <param name="consumer">Whose value.</param>
    /// <param name="what">Which of its values, for errors.</param>
    /// <param name="value">The value.</param>
    public string ExpressionOf(IResource consumer, string what, object value)
    {
        var before = Resources.Count;
        Add(value);
        foreach (var resource in Resources.Values.Skip(before).Where(resource => LeftOut.Contains(resource.Name)).ToList())
        {
            Resources.Remove(resource.Name); // Each consumer is told.
            _faults.Add($"{consumer.Name}, {what}: it refers to '{resource.Name}', which is left out of the manifest: publish '{resource.Name}' as well, or do not refer to it when publishing.");
        }

        switch (value)
        {
            case string text:
                return text;
            case IResourceBuilder<IResource> { Resource: IManifestExpressionProvider resource }:
                return resource.ValueExpression;
            case IManifestExpressionProvider provider:
                return provider.ValueExpression;
            case IFormattable number:
                return number.ToString(null, CultureInfo.InvariantCulture);
            default:
                _faults.Add($"{consumer.Name}, {what}: a {value.GetType().Name} has no form in a manifest: use text, a parameter, an endpoint, a connection string or an expression of these.");
                return "";
        }
    }

    public void Add(object? value)
    {
        if (value is ReferenceExpression expression)
        {
            AddForms(expression);
        }

        switch (value)
        {
            case IResourceBuilder<IResource> builder:
                Add(builder.Resource);
                break;
            case IResource resource:
                Resources.TryAdd(resource.Name, resource);
                break;
            case IValueWithReferences composed when _within.Add(value):
                foreach (var part in composed.References)
                {
                    Add(part);
                }

                _within.Remove(value);
                break;
        }
    }

    private void AddForms(ReferenceExpression expression)
    {
        if (expression.IsConditional)
        {
            Conditionals.TryAdd(ConditionalName.Of(expression), expression);
            AddForms(expression.WhenTrue!);
            AddForms(expression.WhenFalse!);
            return;
        }

        for (var i = 0; i < expression.ValueProviders.Count; i++)
        {
            if (expression.StringFormats[i] == StringFormat.Uri && ParameterIn(expression.ValueProviders[i]) is { } parameter)
            {
                UriParameters.TryAdd(parameter.Name, parameter);
            }
        }
    }

    private static ParameterResource? ParameterIn(object provider) => provider switch
    {
        ParameterResource parameter => parameter,
        ReferenceExpression { Format: "{0}", ValueProviders: [ParameterResource parameter] } => parameter,
        _ => null,
    };
}
