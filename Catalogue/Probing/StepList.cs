using System.Net.Sockets;
using Orrery.ServiceDefaults.Egress;

namespace Orrery.Catalogue.Probing;

/// <summary>Runs the steps of one endpoint. After one that failed the others are not reached.</summary>
internal sealed class StepList(string endpoint, TimeProvider time, CancellationToken deadline)
{
    private readonly List<TestStep> _steps = [];

    public IReadOnlyList<TestStep> All => _steps;

    public bool HasFailed { get; private set; }

    /// <param name="within">How long it may take.</param>
    /// <param name="late">What it means when it takes longer.</param>
    /// <param name="run">Gives what was found.</param>
    public async Task RunAsync(string name, TimeSpan within, StepFailure late, Func<CancellationToken, Task<Finding>> run)
    {
        if (HasFailed)
        {
            Skip(name, "not reached");
            return;
        }

        var began = time.GetTimestamp();
        using var clock = new CancellationTokenSource(within, time);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(deadline, clock.Token);
        try
        {
            var found = await run(limit.Token);
            _steps.Add(new TestStep(name, endpoint, found.IsTelling ? TestStates.Passed : TestStates.Skipped, Since(began), found.Text) { Models = found.Models, Served = found.Served });
        }
        catch (StepFailure failure)
        {
            Fail(name, began, failure);
        }
        catch (EgressException failure)
        {
            Fail(name, began, new StepFailure(failure.Cause, failure.Message, failure.Remedy));
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested)
        {
            Fail(name, began, late);
        }
        catch (HttpRequestException failure) when (failure.InnerException is EgressException inner)
        {
            Fail(name, began, new StepFailure(inner.Cause, inner.Message, inner.Remedy));
        }
        catch (Exception failure) when (failure is HttpRequestException or IOException or SocketException)
        {
            Fail(name, began, new StepFailure(
                TestCauses.ConnectionClosed, "the connection was closed without an answer in HTTP", "Is it an HTTP server, and does its log say why it hung up?"));
        }
    }

    public void Skip(string name, string found) => _steps.Add(new TestStep(name, endpoint, TestStates.Skipped, 0, found));

    private void Fail(string name, long began, StepFailure failure)
    {
        HasFailed = true;
        _steps.Add(new TestStep(name, endpoint, TestStates.Failed, Since(began), failure.Message)
        {
            Cause = failure.Cause,
            Remedy = failure.Remedy,
            Models = failure.Shown?.Models,
            Served = failure.Shown?.Served,
        });
    }

    private double Since(long began) => Math.Round(time.GetElapsedTime(began).TotalMilliseconds, 1);
}

/// <param name="IsTelling">Whether it says that all is well; else nothing can be said.</param>
internal sealed record Finding(string Text, bool IsTelling = true, IReadOnlyList<TestedModel>? Models = null, IReadOnlyList<string>? Served = null);
