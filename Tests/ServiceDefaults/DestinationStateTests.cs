using Microsoft.Extensions.Logging;
using Orrery.ServiceDefaults;

namespace Orrery.Tests.ServiceDefaults;

/// <summary>What the log says of a destination, on a clock of the test's.</summary>
public sealed class DestinationStateTests
{
    private readonly ManualTime _time = new();
    private readonly ProbeService.Journal _journal = new();
    private readonly TelemetryDestination _destination;

    public DestinationStateTests()
    {
        _destination = new TelemetryDestination("The collector", new Uri("http://user:secret@collector:4318/base"), _time);
        _destination.SayTo(_journal);
    }

    private string[] Said => [.. _journal.Lines.Select(line => line.Event ?? "")];

    [Fact]
    public void What_is_away_is_said_once_with_its_address_and_no_credentials()
    {
        for (var i = 0; i < 100; i++)
        {
            _time.Advance(TimeSpan.FromMinutes(1));
            _destination.Unreachable("/v1/traces", "connection refused");
        }

        Assert.Equal(
            (LogLevel.Warning, "TelemetryAway", "The collector at http://collector:4318 takes no telemetry: /v1/traces: connection refused. What it misses is dropped; this is said once"),
            Assert.Single(_journal.Lines));
    }

    [Fact]
    public void It_is_back_when_any_signal_arrives_that_none_was_refused_for()
    {
        _destination.Unreachable("/v1/traces", "connection refused");
        _destination.Refused("/v1/metrics", "it answered 503");
        _destination.Delivered("/v1/logs");
        Assert.Equal(["TelemetryAway"], Said);

        _destination.Delivered("/v1/metrics");
        Assert.Equal(["TelemetryAway", "TelemetryBack"], Said);
    }

    [Fact]
    public void One_that_fails_and_recovers_all_the_time_gets_one_pair_of_lines_a_minute()
    {
        for (var i = 0; i < 59; i++)
        {
            _destination.Refused("/v1/traces", "it answered 429");
            _destination.Delivered("/v1/traces");
            _time.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.Equal(["TelemetryAway", "TelemetryBack"], Said);

        _destination.Unreachable("/v1/traces", "connection refused");
        _time.Advance(TimeSpan.FromSeconds(1));
        _destination.Unreachable("/v1/traces", "connection refused");
        Assert.Equal(["TelemetryAway", "TelemetryBack", "TelemetryAway"], Said);
    }

    [Fact]
    public void What_breaks_off_when_the_service_ends_is_not_said()
    {
        _destination.SayNothingMore();
        _destination.Unreachable("/v1/traces", "no answer in time");

        Assert.Empty(Said);
    }
}
