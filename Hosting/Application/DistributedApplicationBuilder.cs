using System.Reflection;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Eventing;
using Aspire.Hosting.Testing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Aspire.Hosting;

/// <inheritdoc cref="IDistributedApplicationBuilder"/>
public class DistributedApplicationBuilder : IDistributedApplicationBuilder
{
    private readonly HostApplicationBuilder _host;
    private readonly DistributedApplicationOptions _options;
    private readonly EntryPointRun? _entryPoint;

    /// <summary>A builder for a command line.</summary>
    public DistributedApplicationBuilder(string[] args)
        : this(new DistributedApplicationOptions { Args = args })
    {
    }

    /// <summary>A builder set up by <paramref name="options"/>.</summary>
    public DistributedApplicationBuilder(DistributedApplicationOptions options)
        : this(options, configureHost: null)
    {
    }

    internal DistributedApplicationBuilder(DistributedApplicationOptions options, Action<HostApplicationBuilderSettings>? configureHost)
    {
        _entryPoint = EntryPointRun.Current;
        _options = options;
        var settings = new HostApplicationBuilderSettings();
        _entryPoint?.Prepare(options, settings);
        configureHost?.Invoke(settings);

        AppHostAssembly = options.AssemblyName is { } name ? Assembly.Load(name) : _entryPoint?.Assembly ?? Assembly.GetEntryAssembly();
        AppHostDirectory = Path.GetFullPath(options.ProjectDirectory ?? AppHostMetadata.DirectoryOf(AppHostAssembly) ?? Directory.GetCurrentDirectory());
        AppHostPath = Path.Combine(AppHostDirectory, AppHostAssembly?.GetName().Name ?? "AppHost");

        settings.ContentRootPath ??= AppHostDirectory;
        settings.ApplicationName ??= AppHostAssembly?.GetName().Name;
        _host = new HostApplicationBuilder(settings);
        _host.Configuration.AddCommandLine(options.Args ?? [], CommandLineSwitches.Map);

        var request = PublishRequest.Of(_host.Configuration);
        if (request.Step.Length > 0)
        {
            // An AppHost may ask what is written, whichever switch said it.
            _host.Configuration[PublishRequest.StepKey] = request.Step;
        }

        _host.Services.AddSingleton(request);
        ExecutionContext = new DistributedApplicationExecutionContext(request.Operation, request.PublisherName);
        Eventing = new DistributedApplicationEventing();
        HostServices.Add(this, _host, options);
    }

    /// <inheritdoc/>
    public Assembly? AppHostAssembly { get; }

    /// <inheritdoc/>
    public string AppHostDirectory { get; }

    /// <summary>The AppHost's path without its extension.</summary>
    public string AppHostPath { get; }

    /// <inheritdoc/>
    public ConfigurationManager Configuration => _host.Configuration;

    /// <inheritdoc/>
    public IHostEnvironment Environment => _host.Environment;

    /// <inheritdoc/>
    public IServiceCollection Services => _host.Services;

    /// <inheritdoc/>
    public IDistributedApplicationEventing Eventing { get; }

    /// <inheritdoc/>
    public DistributedApplicationExecutionContext ExecutionContext { get; }

    /// <inheritdoc/>
    public IResourceCollection Resources { get; } = new ResourceCollection();

    internal DistributedApplicationOptions Options => _options;

    /// <inheritdoc/>
    public IResourceBuilder<T> AddResource<T>(T resource)
        where T : IResource
    {
        ArgumentNullException.ThrowIfNull(resource);
        if (Resources.TryGetByName(resource.Name, out var former))
        {
            throw new DistributedApplicationException(
                $"The graph has a resource called '{former.Name}' already (a {former.GetType().Name}): give this {resource.GetType().Name} another name.");
        }

        Resources.Add(resource);
        return CreateResourceBuilder(resource);
    }

    /// <inheritdoc/>
    public IResourceBuilder<T> CreateResourceBuilder<T>(T resource)
        where T : IResource => new ResourceBuilder<T>(this, resource);

    /// <inheritdoc/>
    public DistributedApplication Build() => _entryPoint is null ? BuildNow() : _entryPoint.Build(this);

    internal DistributedApplication BuildNow()
    {
        WaitCycles.Check(Resources);
        var application = new DistributedApplication(_host.Build());
        ExecutionContext.Services = application.Services;
        return application;
    }
}
