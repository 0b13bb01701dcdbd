using Microsoft.Extensions.Options;
using Orrery.ServiceDefaults.Egress;
using Orrery.ServiceDefaults.Registries;

namespace Orrery.Builder.Bundles;

/// <summary>What a command needs of the service: the way to registries under the sections <c>Registries</c> and <c>Gateway:Egress</c> of the environment, and no database.</summary>
internal sealed class BundleWorld : IDisposable
{
    private const string AllowLoopback = $"{EgressOptions.Section}:{nameof(EgressOptions.AllowLoopback)}";

    private readonly IHost _host;

    private BundleWorld(IHost host, BundleProgress progress)
    {
        (_host, Progress) = (host, progress);
        (Registries, Time) = (host.Services.GetRequiredService<RegistryClient>(), host.Services.GetRequiredService<TimeProvider>());
    }

    public RegistryClient Registries { get; }

    public BundleProgress Progress { get; }

    public TimeProvider Time { get; }

    /// <param name="registries">That the command names. One on this machine may then be called, unless the settings say otherwise: whoever named it sits here.</param>
    /// <exception cref="OptionsValidationException">A setting is wrong.</exception>
    public static BundleWorld Create(IEnumerable<string> registries, TextWriter progress)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { EnvironmentName = Environments.Production });
        if (registries.Any(new RegistryOptions().IsPlain))
        {
            builder.Configuration.AddInMemoryCollection([KeyValuePair.Create(AllowLoopback, (string?)bool.TrueString)]);
        }

        builder.Configuration.AddEnvironmentVariables();
        builder.Services.AddSingleton(TimeProvider.System);
        builder.AddEgress();
        builder.AddRegistries();
        var host = builder.Build();
        try
        {
            return new BundleWorld(host, new BundleProgress(progress, TimeProvider.System));
        }
        catch (InvalidOperationException error) // What the binder says of a value of another kind, with its key.
        {
            host.Dispose();
            throw BundleException.Misuse(error.Message.TrimEnd('.'), "Settings come from the environment: docs/supply-chain.md lists those of registries, docs/egress.md the others.");
        }
    }

    /// <summary>Whether a registry is called over http.</summary>
    public bool IsPlain(string host) => _host.Services.GetRequiredService<IOptions<RegistryOptions>>().Value.IsPlain(host);

    public void Dispose() => _host.Dispose();
}
