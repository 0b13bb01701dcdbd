using Microsoft.Extensions.Options;
using Orrery.Contracts;
using Orrery.ServiceDefaults.Egress;

namespace Orrery.Catalogue.Probing;

/// <summary>Tests providers' connections, a few at a time and each within its time: a test opens connections and costs its server a little.</summary>
internal sealed class ProviderTester(EgressPolicy policy, EgressDialers dialers, IOptions<CatalogueOptions> options, TimeProvider time) : IDisposable
{
    private const int MostAtOnce = 4;
    private const int MostEndpoints = 8;

    private readonly SemaphoreSlim _places = new(MostAtOnce);

    public void Dispose() => _places.Dispose();

    /// <summary><c>null</c> when as many tests are under way as there may be.</summary>
    public async Task<TestAnswer?> TryTestAsync(TestedProvider provider, CancellationToken cancellationToken)
    {
        if (!await _places.WaitAsync(TimeSpan.Zero, cancellationToken))
        {
            return null;
        }

        try
        {
            return await TestAsync(provider, cancellationToken);
        }
        finally
        {
            _places.Release();
        }
    }

    private async Task<TestAnswer> TestAsync(TestedProvider provider, CancellationToken cancellationToken)
    {
        using var clock = new CancellationTokenSource(options.Value.ConnectionTestTimeout, time);
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, clock.Token);
        var dialer = dialers.For(provider.Route);
        var tests = provider.Spec.EffectiveEndpoints.Take(MostEndpoints).Select(async endpoint =>
        {
            var url = new Uri(endpoint.Url);
            var steps = new StepList(url.Authority, time, deadline.Token);
            await new EndpointTest(provider, policy, dialer, url, steps).RunAsync();
            return steps;
        });
        var done = await Task.WhenAll(tests);
        cancellationToken.ThrowIfCancellationRequested();
        return new TestAnswer(!done.Any(steps => steps.HasFailed), [.. done.SelectMany(steps => steps.All)]);
    }
}
