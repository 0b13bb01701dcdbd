using System.Reflection;
using Microsoft.Extensions.Hosting;

namespace Aspire.Hosting.Testing;

/// <summary>The entry point of an AppHost running on a thread of a test: what it builds is handed to the test, which decides when it is built and started.</summary>
internal sealed class EntryPointRun(Assembly assembly, string[] args, Action<DistributedApplicationOptions, HostApplicationBuilderSettings>? configure)
{
    private static readonly AsyncLocal<EntryPointRun?> Flow = new();

    private readonly TaskCompletionSource<DistributedApplicationBuilder> _builder = New<DistributedApplicationBuilder>();
    private readonly TaskCompletionSource _build = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<DistributedApplication> _application = New<DistributedApplication>();
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>The run that this code is part of; null outside of an entry point that a test runs.</summary>
    public static EntryPointRun? Current => Flow.Value;

    public Assembly Assembly { get; } = assembly;

    /// <summary>Whether this code is the entry point's, rather than the test's.</summary>
    public bool IsThisFlow => ReferenceEquals(Flow.Value, this);

    /// <summary>Completes when the test is done with the application.</summary>
    public Task Ended => _ended.Task;

    /// <summary>Runs the entry point until it calls Build.</summary>
    public Task<DistributedApplicationBuilder> StartAsync(CancellationToken cancellationToken)
    {
        var entry = Assembly.EntryPoint ?? throw new InvalidOperationException($"{Assembly.GetName().Name} has no entry point: give a type of an AppHost, as Projects.AppHost.");
        new Thread(() => Invoke(entry)) { IsBackground = true, Name = "AppHost entry point" }.Start();
        return _builder.Task.WaitAsync(cancellationToken);
    }

    /// <summary>Lets the entry point build.</summary>
    public Task<DistributedApplication> BuildAsync(CancellationToken cancellationToken)
    {
        _build.TrySetResult();
        return _application.Task.WaitAsync(cancellationToken);
    }

    /// <summary>Lets the entry point return from Run.</summary>
    public void End() => _ended.TrySetResult();

    /// <summary>Lets an entry point go whose application is not built; one that is built ends with it.</summary>
    public void Abandon() => _build.TrySetCanceled();

    /// <summary>Called by the builder's constructor, in the entry point.</summary>
    public void Prepare(DistributedApplicationOptions options, HostApplicationBuilderSettings settings)
    {
        options.Args = [.. options.Args ?? [], .. args];
        TestDefaults.Apply(options);
        configure?.Invoke(options, settings);
    }

    /// <summary>Called by the builder's Build, in the entry point.</summary>
    public DistributedApplication Build(DistributedApplicationBuilder builder)
    {
        _builder.TrySetResult(builder);
        _build.Task.GetAwaiter().GetResult();
        var application = builder.BuildNow();
        _application.TrySetResult(application);
        return application;
    }

    private void Invoke(MethodInfo entry)
    {
        Flow.Value = this;
        try
        {
            // The arguments reach the builder through Prepare, however the entry point treats its own.
            object?[] parameters = entry.GetParameters().Length == 0 ? [] : [Array.Empty<string>()];
            entry.Invoke(null, parameters);
            Fail(new InvalidOperationException($"The entry point of {Assembly.GetName().Name} ended without building an application."));
        }
        catch (TargetInvocationException error)
        {
            // An exception that the test never sees would end its process.
            Fail(error.InnerException!);
        }
    }

    private void Fail(Exception error)
    {
        _builder.TrySetException(error);
        _application.TrySetException(error);
    }

    private static TaskCompletionSource<T> New<T>() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
