using Aspire.Hosting.ApplicationModel;
using Microsoft.Extensions.Logging;

namespace Aspire.Hosting;

/// <summary>Environment and arguments with every hole filled.</summary>
internal sealed record ResolvedConfiguration(
    IReadOnlyDictionary<string, string> Environment,
    IReadOnlyList<string> Arguments,
    IReadOnlyList<EnvironmentVariableSnapshot> Shown)
{
    /// <exception cref="MissingParameterValueException">A parameter that it needs has no value.</exception>
    public static async Task<ResolvedConfiguration> OfAsync(IResource resource, ValueProviderContext context, ILogger logger, CancellationToken cancellationToken)
    {
        var execution = context.ExecutionContext!;
        var environment = new Dictionary<string, string>(StringComparer.Ordinal);
        var shown = new List<EnvironmentVariableSnapshot>();
        foreach (var (name, value) in await VariablesAsync(resource, execution, logger, cancellationToken))
        {
            if (await TextAsync(value, context, cancellationToken) is { } text)
            {
                environment[name] = text;
                shown.Add(new(name, text, IsFromSpec: true));
            }
        }

        var arguments = new List<string>();
        foreach (var value in await ArgumentsAsync(resource, execution, logger, cancellationToken))
        {
            if (await TextAsync(value, context, cancellationToken) is { } text)
            {
                arguments.Add(text);
            }
        }

        return new(environment, arguments, shown);
    }

    /// <summary>The variables with their holes.</summary>
    internal static async Task<Dictionary<string, object>> VariablesAsync(
        IResource resource,
        DistributedApplicationExecutionContext execution,
        ILogger logger,
        CancellationToken cancellationToken)
    {
        var context = new EnvironmentCallbackContext(execution, resource, cancellationToken: cancellationToken) { Logger = logger };
        foreach (var annotation in resource.Annotations.OfType<EnvironmentCallbackAnnotation>())
        {
            await annotation.Callback(context);
        }

        return context.EnvironmentVariables;
    }

    /// <summary>The arguments with their holes.</summary>
    internal static async Task<IList<object>> ArgumentsAsync(
        IResource resource,
        DistributedApplicationExecutionContext execution,
        ILogger logger,
        CancellationToken cancellationToken)
    {
        var context = new CommandLineArgsCallbackContext([], resource, cancellationToken) { ExecutionContext = execution, Logger = logger };
        foreach (var annotation in resource.Annotations.OfType<CommandLineArgsCallbackAnnotation>())
        {
            await annotation.Callback(context);
        }

        return context.Args;
    }

    internal static async ValueTask<string?> TextAsync(object value, ValueProviderContext context, CancellationToken cancellationToken) => value switch
    {
        string text => text,
        IValueProvider provider => await provider.GetValueAsync(context, cancellationToken),
        IResourceBuilder<IResource> { Resource: IValueProvider provider } => await provider.GetValueAsync(context, cancellationToken),
        IFormattable number => number.ToString(null, System.Globalization.CultureInfo.InvariantCulture),
        _ => value.ToString(),
    };
}

/// <summary>Whether a value holds a secret parameter.</summary>
internal static class Secrets
{
    public static bool AreIn(object value) => value switch
    {
        ParameterResource parameter => parameter.Secret,

        // An address holds no secret, though the resource that it belongs to may refer to one, and to the address again.
        EndpointReference or EndpointReferenceExpression => false,
        IResourceWithConnectionString resource => AreIn(resource.ConnectionStringExpression),
        IValueWithReferences composed => composed.References.Any(AreIn),
        _ => false,
    };
}
