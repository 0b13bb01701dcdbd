using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting;

/// <summary>What every project is given without being asked: its launch profile, telemetry, and where to listen.</summary>
internal static class ProjectDefaults
{
    public static IResourceBuilder<ProjectResource> Apply(
        IResourceBuilder<ProjectResource> project,
        IProjectMetadata metadata,
        ProjectResourceOptions options)
    {
        var application = project.ApplicationBuilder;
        project.WithOtlpExporter();
        project.WithEnvironment("OTEL_DOTNET_EXPERIMENTAL_OTLP_RETRY", "in_memory");

        if (!options.ExcludeLaunchProfile && ChooseProfile(application, metadata, options) is var (name, profile))
        {
            AddEndpoints(project, profile);
            if (application.ExecutionContext.IsRunMode)
            {
                project.WithEnvironment(context => AddVariables(context, name, profile));
            }
        }

        return project.WithEnvironment(context =>
        {
            if (context.ExecutionContext.IsPublishMode)
            {
                AddPublishedPorts(context, project.Resource);
            }
            else
            {
                AddListeningUrls(context, project.Resource);
            }
        });
    }

    private static (string Name, LaunchProfile Profile)? ChooseProfile(
        IDistributedApplicationBuilder application,
        IProjectMetadata metadata,
        ProjectResourceOptions options)
    {
        var profiles = LaunchSettings.Of(metadata)?.Profiles;
        if (options.LaunchProfileName is { } wanted)
        {
            return profiles?.TryGetValue(wanted, out var chosen) == true
                ? (wanted, chosen)
                : throw new DistributedApplicationException(
                    $"{metadata.ProjectPath} has no launch profile '{wanted}'. It has: {string.Join(", ", profiles?.Keys.ToArray() ?? [])}.");
        }

        var own = application.Configuration["AppHost:DefaultLaunchProfileName"] ?? application.Configuration["DOTNET_LAUNCH_PROFILE"];
        if (own is not null && profiles?.TryGetValue(own, out var same) == true)
        {
            return (own, same);
        }

        var first = profiles?.FirstOrDefault(one => string.Equals(one.Value.CommandName, "Project", StringComparison.OrdinalIgnoreCase));
        return first is { Key: not null } found ? (found.Key, found.Value) : null;
    }

    private static void AddEndpoints(IResourceBuilder<ProjectResource> project, LaunchProfile profile)
    {
        var counts = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var url in profile.ApplicationUrl?.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) ?? [])
        {
            // A host such as * or + is no URI to .NET.
            var address = new Uri(url.Replace("://*", "://0.0.0.0", StringComparison.Ordinal).Replace("://+", "://0.0.0.0", StringComparison.Ordinal));
            var count = counts[address.Scheme] = counts.GetValueOrDefault(address.Scheme) + 1;
            var name = count == 1 ? address.Scheme : FormattableString.Invariant($"{address.Scheme}{count}");
            project.WithEndpoint(name, endpoint =>
            {
                endpoint.UriScheme = address.Scheme;
                endpoint.Transport = "http";
                endpoint.TlsEnabled = address.Scheme == "https";
                endpoint.FromLaunchProfile = true;
                endpoint.TargetHost = address.Host is "0.0.0.0" or "[::]" ? "*" : address.Host;
                endpoint.LocalPort = address.Port;
                endpoint.Port = project.ApplicationBuilder.ExecutionContext.IsRunMode ? address.Port : null;
            });
        }
    }

    private static void AddVariables(EnvironmentCallbackContext context, string name, LaunchProfile profile)
    {
        foreach (var (variable, value) in profile.EnvironmentVariables)
        {
            context.EnvironmentVariables.TryAdd(variable, value);
        }

        context.EnvironmentVariables.TryAdd("DOTNET_LAUNCH_PROFILE", name);
    }

    private static void AddListeningUrls(EnvironmentCallbackContext context, ProjectResource project)
    {
        var urls = new ReferenceExpressionBuilder();
        foreach (var endpoint in ListeningEndpoints(project))
        {
            urls.AppendLiteral(urls.IsEmpty ? "" : ";");
            urls.AppendLiteral($"{endpoint.Scheme}://{endpoint.EndpointAnnotation.TargetHost}:");
            urls.AppendFormatted(endpoint.Property(EndpointProperty.TargetPort));
            if (endpoint.IsHttps && !context.EnvironmentVariables.ContainsKey("ASPNETCORE_HTTPS_PORT"))
            {
                context.EnvironmentVariables["ASPNETCORE_HTTPS_PORT"] = endpoint.Property(EndpointProperty.Port);
            }
        }

        if (!urls.IsEmpty)
        {
            context.EnvironmentVariables["ASPNETCORE_URLS"] = urls.Build();
        }
    }

    private static void AddPublishedPorts(EnvironmentCallbackContext context, ProjectResource project)
    {
        var endpoints = ListeningEndpoints(project).Where(one => !(one.IsHttps && one.EndpointAnnotation.FromLaunchProfile)).ToList();
        if (project.Annotations.OfType<EndpointAnnotation>().Any() && !project.HasAnnotationOfType<DisableForwardedHeadersAnnotation>())
        {
            context.EnvironmentVariables["ASPNETCORE_FORWARDEDHEADERS_ENABLED"] = "true";
        }

        AddPorts(context, "HTTP_PORTS", endpoints.Where(one => one.IsHttp));
        AddPorts(context, "HTTPS_PORTS", endpoints.Where(one => one.IsHttps));
    }

    private static void AddPorts(EnvironmentCallbackContext context, string variable, IEnumerable<EndpointReference> endpoints)
    {
        var ports = new ReferenceExpressionBuilder();
        foreach (var endpoint in endpoints)
        {
            ports.AppendLiteral(ports.IsEmpty ? "" : ";");
            ports.AppendFormatted(endpoint.Property(EndpointProperty.TargetPort));
        }

        if (!ports.IsEmpty)
        {
            context.EnvironmentVariables[variable] = ports.Build();
        }
    }

    private static IEnumerable<EndpointReference> ListeningEndpoints(ProjectResource project)
    {
        var filters = project.Annotations.OfType<EndpointFilterAnnotation>().ToList();
        return project.GetEndpoints().Where(one => one.Scheme is "http" or "https" && filters.All(filter => filter.Filter(one.EndpointAnnotation)));
    }
}
