using System.Globalization;

namespace Aspire.Hosting.ApplicationModel;

/// <summary>The variables by which a resource finds another's endpoints.</summary>
internal static class ServiceVariables
{
    public static void Add(EnvironmentCallbackContext context, EndpointReference endpoint, string serviceName, bool nameIsGiven)
    {
        var flags = FlagsOf(context.Resource);
        if (flags.HasFlag(ReferenceEnvironmentInjectionFlags.ServiceDiscovery))
        {
            AddDiscovery(context, serviceName, endpoint.IsHttpSchemeNamedEndpoint ? endpoint.Scheme : endpoint.EndpointName, endpoint);
        }

        if (flags.HasFlag(ReferenceEnvironmentInjectionFlags.Endpoints))
        {
            var prefix = nameIsGiven ? serviceName : VariableName.Of(serviceName);
            context.EnvironmentVariables[$"{prefix}_{VariableName.Of(endpoint.EndpointName)}"] = endpoint;
        }
    }

    public static void AddDiscovery(EnvironmentCallbackContext context, string serviceName, string key, object url)
    {
        for (var n = 0; ; n++)
        {
            var variable = string.Create(CultureInfo.InvariantCulture, $"services__{serviceName}__{key}__{n}");
            if (context.EnvironmentVariables.TryAdd(variable, url) || Same(context.EnvironmentVariables[variable], url))
            {
                return;
            }
        }
    }

    public static ReferenceEnvironmentInjectionFlags FlagsOf(IResource consumer) =>
        consumer.TryGetLastAnnotation<ReferenceEnvironmentAnnotation>(out var limit) ? limit.Flags : ReferenceEnvironmentInjectionFlags.All;

    private static bool Same(object one, object other) => one is EndpointReference a && other is EndpointReference b
        ? ReferenceEquals(a.Resource, b.Resource) && a.EndpointName == b.EndpointName
        : Equals(one, other);
}
