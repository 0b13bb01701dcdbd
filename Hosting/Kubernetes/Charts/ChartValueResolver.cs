using System.Globalization;
using System.Text.RegularExpressions;
using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting.Kubernetes;

/// <summary>
/// From a value of the graph to one of the chart. On the way it notes what the value leads to: other workloads, services outside,
/// secrets. NetworkPolicies are made from these notes.
/// </summary>
internal sealed partial class ChartValueResolver(ChartGraph graph, ChartWorkload consumer, ChartParameters parameters)
{
    /// <summary>Workloads whose endpoints stand in what was resolved so far, other than as a connection string.</summary>
    public HashSet<ChartWorkload> Endpoints { get; } = [];

    /// <exception cref="ChartFault">The value cannot be part of a chart.</exception>
    public ChartValue Resolve(object value) => value switch
    {
        string text => ChartValue.Of(text),
        ParameterResource parameter => Parameter(parameter),
        ConnectionStringReference reference => ConnectionString(reference.Resource),
        IResourceWithConnectionString resource => ConnectionString(resource),
        EndpointReference endpoint => Endpoint(endpoint, EndpointProperty.Url),
        EndpointReferenceExpression part => Endpoint(part.Endpoint, part.Property),
        ReferenceExpression { IsConditional: true } expression => Conditional(expression),
        ReferenceExpression expression => Composed(expression),
        ExternalServiceResource service => Resolve(service.UrlExpression),
        IResourceBuilder<IResource> builder => Resolve(builder.Resource),
        IFormattable number => ChartValue.Of(number.ToString(null, CultureInfo.InvariantCulture)),
        _ => throw new ChartFault($"a {value.GetType().Name} has no form in a chart: use text, a parameter, an endpoint, a connection string or an expression of these"),
    };

    private ChartValue Parameter(ParameterResource parameter)
    {
        if (!parameter.Secret)
        {
            return ChartValue.OfExpression(parameters.ExpressionOf(parameter));
        }

        parameters.AddSecret(parameter);
        consumer.Secrets[parameter.Name] = parameter;
        return new ChartValue().Add(new ChartValue.Secret(parameter, ForUri: false));
    }

    private ChartValue ConnectionString(IResourceWithConnectionString resource)
    {
        if (resource is ParameterResource parameter)
        {
            return Parameter(parameter);
        }

        // The host of a store is always known, its own or one elsewhere: its variables need no condition.
        var before = Endpoints.ToHashSet();
        var text = Resolve(resource.ConnectionStringExpression);
        Endpoints.IntersectWith(before);
        return graph.Find(resource) is { IsStore: true } store ? text.Add(new ChartValue.Expression($"ternary {store.Value("external.options")} \"\" (ne {store.Value("external.host")} \"\")")) : text;
    }

    private ChartValue Endpoint(EndpointReference endpoint, EndpointProperty property)
    {
        var owner = graph.Find(endpoint.Resource) ?? throw new ChartFault(
            $"it refers to endpoint '{endpoint.EndpointName}' of '{endpoint.Resource.Name}', which is not part of the chart: publish '{endpoint.Resource.Name}' as well, or do not refer to it when publishing");
        if (!endpoint.Exists)
        {
            throw new ChartFault($"'{endpoint.Resource.Name}' has no endpoint '{endpoint.EndpointName}'");
        }

        var port = owner.Ports.FirstOrDefault(one => one.Name == endpoint.EndpointName) ?? owner.Port("http");
        if (owner != consumer)
        {
            Endpoints.Add(owner);
            consumer.References.TryAdd(owner, []);
            consumer.References[owner].Add(port.Name);
        }

        return property switch
        {
            EndpointProperty.Url => ChartValue.Of($"{port.Endpoint.UriScheme}://").Add(Host(owner)).Add(ChartValue.Of(":")).Add(Public(owner, port)),
            EndpointProperty.Host or EndpointProperty.IPV4Host => Host(owner),
            EndpointProperty.Port => Public(owner, port),
            EndpointProperty.HostAndPort => Host(owner).Add(ChartValue.Of(":")).Add(Public(owner, port)),
            EndpointProperty.Scheme => ChartValue.Of(port.Endpoint.UriScheme),
            EndpointProperty.TargetPort => Number(port.Expression, port.Default),
            EndpointProperty.TlsEnabled => ChartValue.Of(port.Endpoint.TlsEnabled ? bool.TrueString : bool.FalseString),
            _ => throw new ChartFault($"an endpoint has no property '{property}'"),
        };
    }

    private static ChartValue Host(ChartWorkload owner) =>
        owner.HostExpression is { } expression ? ChartValue.OfExpression(expression) : ChartValue.Of(ChartNames.Service(owner.Name));

    private static ChartValue Public(ChartWorkload owner, ChartPort port) => owner.IsStore
        ? ChartValue.OfExpression($"{owner.Value("external.port")} | default {port.Endpoint.Port ?? port.Default}")
        : port.Endpoint.Port is { } published ? Number(null, published) : Number(port.Expression, port.Default);

    private static ChartValue Number(string? expression, int fallback) => expression is null
        ? ChartValue.Of(fallback.ToString(CultureInfo.InvariantCulture))
        : ChartValue.OfExpression($"{expression} | int");

    private ChartValue Composed(ReferenceExpression expression)
    {
        var whole = new ChartValue();
        var at = 0;
        foreach (Match hole in Hole().Matches(expression.Format))
        {
            whole.Add(new ChartValue.Literal(Unescape(expression.Format[at..hole.Index])));
            var index = int.Parse(hole.Groups[1].ValueSpan, CultureInfo.InvariantCulture);
            var part = Resolve(expression.ValueProviders[index]);
            whole.Add(expression.StringFormats[index] == StringFormat.Uri ? ForUri(part) : part);
            at = hole.Index + hole.Length;
        }

        return whole.Add(new ChartValue.Literal(Unescape(expression.Format[at..])));
    }

    private ChartValue ForUri(ChartValue value)
    {
        foreach (var secret in value.Parts.OfType<ChartValue.Secret>())
        {
            parameters.UseInUri(secret.Parameter);
        }

        return value.ForUri();
    }

    private ChartValue Conditional(ReferenceExpression expression)
    {
        var condition = Resolve(expression.Condition!);
        if (condition.IsLiteral)
        {
            var value = string.Concat(condition.Parts.Select(part => ((ChartValue.Literal)part).Text));
            return Resolve(string.Equals(value, expression.MatchValue, StringComparison.OrdinalIgnoreCase) ? expression.WhenTrue! : expression.WhenFalse!);
        }

        var (whenTrue, whenFalse) = (Resolve(expression.WhenTrue!), Resolve(expression.WhenFalse!));
        if (condition.Parts is not [ChartValue.Expression decides] || whenTrue.HasSecrets || whenFalse.HasSecrets)
        {
            throw new ChartFault("a condition in a chart must be a single parameter that is no secret, and neither branch may hold a secret");
        }

        return new ChartValue()
            .Add(new ChartValue.Expression($"if eq ({decides.Text} | lower) \"{expression.MatchValue!.ToLowerInvariant()}\""))
            .Add(whenTrue)
            .Add(new ChartValue.Expression("else"))
            .Add(whenFalse)
            .Add(new ChartValue.Expression("end"));
    }

    private static string Unescape(string format) => format.Replace("{{", "{", StringComparison.Ordinal).Replace("}}", "}", StringComparison.Ordinal);

    // A brace that is meant is doubled; {0} is a hole unless its brace is the second of two.
    [GeneratedRegex(@"(?<=(?<!\{)(?:\{\{)*)\{(\d+)\}")]
    private static partial Regex Hole();
}

/// <summary>Why a value cannot be part of a chart; whoever catches it knows whose value it is.</summary>
internal sealed class ChartFault(string message) : Exception(message);
