using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting.Publishing;

/// <summary>What the entries of a manifest refer to: other resources, encoded parameters, and texts that a condition chooses.</summary>
internal sealed class ManifestReferences(ManifestPublishingContext context)
{
    private readonly HashSet<object> _path = new(ReferenceEqualityComparer.Instance);
    private readonly List<(IResource Resource, string? By)> _resources = [];
    private readonly List<ParameterResource> _encoded = [];
    private readonly Dictionary<string, ReferenceExpression> _conditional = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Who refers to which resource, in the order in which they were found.</summary>
    public IReadOnlyList<(IResource Resource, string? By)> Resources => _resources;

    /// <summary>Parameters of which a URI-encoded form is used.</summary>
    public IReadOnlyList<ParameterResource> Encoded => _encoded;

    /// <summary>Texts that a condition chooses, by the names of their entries.</summary>
    public IReadOnlyDictionary<string, ReferenceExpression> Conditional => _conditional;

    /// <summary>Adds all that <paramref name="value"/> is made of; a resource's own values come with its own entry.</summary>
    public void Add(object? value)
    {
        switch (value)
        {
            case IResource resource:
                AddResource(resource);
                return;
            case ReferenceExpression expression:
                AddFormatted(expression);
                if (expression.IsConditional)
                {
                    _conditional.TryAdd(ConditionalName.Of(expression), expression);
                }

                break;
            case EndpointReference { Exists: false } endpoint:
                ReportMissing(endpoint);
                break;
        }

        // A value may lead back to itself.
        if (value is IValueWithReferences composed && _path.Add(composed))
        {
            foreach (var part in composed.References)
            {
                Add(part);
            }

            _path.Remove(composed);
        }
    }

    private void AddResource(IResource resource)
    {
        var use = (resource, context.Current?.Name);
        if (!_resources.Contains(use))
        {
            _resources.Add(use);
        }
    }

    private void AddFormatted(ReferenceExpression expression)
    {
        for (var i = 0; i < expression.ValueProviders.Count; i++)
        {
            if (expression.StringFormats[i] is null || expression.ValueProviders[i] is ReferenceExpression { IsLiteral: true })
            {
                continue;
            }

            if (ReferenceExpression.ParameterOf(expression.ValueProviders[i]) is not { } parameter)
            {
                context.Report($"Resource '{context.Current?.Name}' uses {expression.ManifestExpressions[i]} in the format '{expression.StringFormats[i]}', "
                    + "which a manifest has for parameters only: leave the format out, or put the value into a parameter.");
            }
            else if (!_encoded.Contains(parameter))
            {
                _encoded.Add(parameter);
            }
        }
    }

    private void ReportMissing(EndpointReference endpoint)
    {
        var names = endpoint.Resource.Annotations.OfType<EndpointAnnotation>().Select(one => one.Name).ToList();
        context.Report($"Resource '{context.Current?.Name}' refers to the endpoint '{endpoint.EndpointName}' of '{endpoint.Resource.Name}', which has "
            + $"{(names.Count == 0 ? "none" : $"only {string.Join(", ", names)}")}: add it with WithEndpoint, or refer to another one.");
    }
}
