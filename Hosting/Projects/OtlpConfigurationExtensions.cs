using Aspire.Hosting.ApplicationModel;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;

namespace Aspire.Hosting;

/// <summary>Tells resources where telemetry goes.</summary>
public static class OtlpConfigurationExtensions
{
    /// <summary>
    /// Gives the resource OpenTelemetry's variables. Where telemetry goes is read from the AppHost's <c>ASPIRE_DASHBOARD_OTLP_ENDPOINT_URL</c>
    /// (gRPC) or <c>ASPIRE_DASHBOARD_OTLP_HTTP_ENDPOINT_URL</c>; without them the resource learns only its name.
    /// </summary>
    public static IResourceBuilder<T> WithOtlpExporter<T>(this IResourceBuilder<T> builder)
        where T : IResourceWithEnvironment
    {
        var application = builder.ApplicationBuilder;
        return builder.WithAnnotation(new OtlpExporterAnnotation(), ResourceAnnotationMutationBehavior.Replace).WithEnvironment(context =>
        {
            if (context.ExecutionContext.IsRunMode)
            {
                AddVariables(context, application.Configuration, application.Environment);
            }
        });
    }

    private static void AddVariables(EnvironmentCallbackContext context, IConfiguration configuration, IHostEnvironment environment)
    {
        var variables = context.EnvironmentVariables;
        variables["OTEL_SERVICE_NAME"] = context.Resource.Name;
        variables["OTEL_RESOURCE_ATTRIBUTES"] = new InstanceAttribute();

        if (Target(configuration) is not var (url, protocol))
        {
            return;
        }

        variables["OTEL_EXPORTER_OTLP_ENDPOINT"] = url;
        variables["OTEL_EXPORTER_OTLP_PROTOCOL"] = protocol;
        if (configuration["AppHost:OtlpApiKey"] is { Length: > 0 } key)
        {
            variables["OTEL_EXPORTER_OTLP_HEADERS"] = $"x-otlp-api-key={key}";
        }

        if (environment.IsDevelopment())
        {
            foreach (var name in (string[])["OTEL_BLRP_SCHEDULE_DELAY", "OTEL_BSP_SCHEDULE_DELAY", "OTEL_METRIC_EXPORT_INTERVAL"])
            {
                variables[name] = "1000";
            }

            variables["OTEL_TRACES_SAMPLER"] = "always_on";
            variables["OTEL_METRICS_EXEMPLAR_FILTER"] = "trace_based";
            variables["OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT"] = "true";
        }
    }

    private static (string Url, string Protocol)? Target(IConfiguration configuration)
    {
        if ((configuration["ASPIRE_DASHBOARD_OTLP_ENDPOINT_URL"] ?? configuration["DOTNET_DASHBOARD_OTLP_ENDPOINT_URL"]) is { Length: > 0 } grpc)
        {
            return (grpc, "grpc");
        }

        var http = configuration["ASPIRE_DASHBOARD_OTLP_HTTP_ENDPOINT_URL"] ?? configuration["DOTNET_DASHBOARD_OTLP_HTTP_ENDPOINT_URL"];
        return http is { Length: > 0 } ? (http, "http/protobuf") : null;
    }

    /// <summary>Names the copy that is being started.</summary>
    private sealed class InstanceAttribute : IValueProvider
    {
        public ValueTask<string?> GetValueAsync(CancellationToken cancellationToken = default) => GetValueAsync(new ValueProviderContext(), cancellationToken);

        public ValueTask<string?> GetValueAsync(ValueProviderContext context, CancellationToken cancellationToken = default) =>
            ValueTask.FromResult<string?>($"service.instance.id={context.Ports?.Instance ?? context.Caller?.Name}");
    }
}

/// <summary>The resource sends telemetry where it is told.</summary>
internal sealed class OtlpExporterAnnotation : IResourceAnnotation;
