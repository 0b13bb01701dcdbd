using Orrery.Gateway.Routing;
using Orrery.Gateway.Sending;

namespace Orrery.Tests.Gateway.Routing;

/// <summary>What takes an endpoint out of service, and what brings it back.</summary>
public sealed class EndpointHealthTests
{
    [Theory]
    [InlineData(nameof(SendErrorKind.ConnectFailed), 1)]
    [InlineData(nameof(SendErrorKind.ConnectTimeout), 1)]
    [InlineData(nameof(SendErrorKind.ServerError), 3)]
    [InlineData(nameof(SendErrorKind.Unavailable), 3)]
    [InlineData(nameof(SendErrorKind.NoAnswerInTime), 3)]
    [InlineData(nameof(SendErrorKind.Stalled), 3)]
    [InlineData(nameof(SendErrorKind.Cut), 3)]
    [InlineData(nameof(SendErrorKind.Malformed), 3)]
    [InlineData(nameof(SendErrorKind.Throttled), 1)]
    [InlineData(nameof(SendErrorKind.ClientLeft), 0)]
    [InlineData(nameof(SendErrorKind.RequestRefused), 0)]
    [InlineData(nameof(SendErrorKind.CredentialRefused), 0)]
    [InlineData(nameof(SendErrorKind.TotalTimeout), 0)]
    [InlineData(nameof(SendErrorKind.TooLong), 0)]
    public void Who_is_to_blame_decides(string kind, int errorsUntilOut)
    {
        using var fleet = new Fleet();
        var health = fleet.Endpoint("h").Health;
        for (var i = 1; i <= 10; i++)
        {
            Fail(health, Enum.Parse<SendErrorKind>(kind));
            Assert.Equal(errorsUntilOut > 0 && i >= errorsUntilOut, health.State != EndpointState.InService);
        }
    }

    [Fact]
    public void Half_of_many_requests_failing_is_too_many_even_when_never_three_in_a_row()
    {
        using var fleet = new Fleet();
        var health = fleet.Endpoint("h").Health;
        for (var i = 0; i < 9; i++)
        {
            Fail(health, SendErrorKind.ServerError);
            Succeed(health);
        }

        Fail(health, SendErrorKind.ServerError);
        Assert.Equal(EndpointState.InService, health.State); // 10 of 19: too few to judge.
        Fail(health, SendErrorKind.ServerError);
        Assert.Equal(EndpointState.Ejected, health.State);
    }

    [Fact]
    public void Failures_that_lie_far_apart_are_not_added_up()
    {
        using var fleet = new Fleet();
        var health = fleet.Endpoint("h").Health;
        for (var i = 0; i < 100; i++)
        {
            Fail(health, SendErrorKind.ServerError);
            Succeed(health);
            fleet.Time.Advance(TimeSpan.FromSeconds(4));
        }

        Assert.Equal(EndpointState.InService, health.State);
    }

    [Fact]
    public void Ejections_double_up_to_half_a_minute_and_each_ends_with_one_probe()
    {
        using var fleet = new Fleet();
        var health = fleet.Endpoint("h").Health;
        Fail(health, SendErrorKind.ConnectFailed);
        foreach (var seconds in new[] { 1, 2, 4, 8, 16, 30, 30, 30 })
        {
            Assert.Equal(TimeSpan.FromSeconds(seconds), health.Remaining);
            Assert.False(health.TryEnter(out _));
            fleet.Time.Advance(TimeSpan.FromSeconds(seconds));
            Assert.True(health.TryEnter(out var probe));
            Assert.True(probe.IsProbe);
            Assert.False(health.TryEnter(out _));
            health.Report(Fleet.Error(SendErrorKind.ServerError), probe);
            health.Leave(probe);
        }

        Assert.Equal(["EndpointEjected"], fleet.Log); // Once, not for each request or probe.
        fleet.Time.Advance(TimeSpan.FromSeconds(30));
        Assert.True(health.TryEnter(out var last));
        health.Report(null, last);
        Assert.Equal((EndpointState.InService, false), (health.State, fleet.Journal.AnyOut));
        Assert.Equal(["EndpointEjected", "EndpointBack"], fleet.Log);

        // It has hardly served: the next ejection is no short one. Having served long it is.
        Fail(health, SendErrorKind.ConnectFailed);
        Assert.Equal(TimeSpan.FromSeconds(30), health.Remaining);
        fleet.Time.Advance(TimeSpan.FromSeconds(30));
        Succeed(health);
        fleet.Time.Advance(TimeSpan.FromSeconds(30));
        Fail(health, SendErrorKind.ConnectFailed);
        Assert.Equal(TimeSpan.FromSeconds(1), health.Remaining);
    }

    [Fact]
    public void What_began_before_an_ejection_neither_ends_nor_lengthens_it()
    {
        using var fleet = new Fleet();
        var health = fleet.Endpoint("h").Health;
        var early = Enumerable.Range(0, 5).Select(_ => Enter(health)).ToList();
        Fail(health, SendErrorKind.ConnectFailed);
        health.Report(null, early[0]);
        health.Report(Fleet.Error(SendErrorKind.ConnectFailed), early[1]);
        Assert.Equal((EndpointState.Ejected, TimeSpan.FromSeconds(1)), (health.State, health.Remaining));
        fleet.Time.Advance(TimeSpan.FromSeconds(1));
        Succeed(health);
        health.Report(Fleet.Error(SendErrorKind.ConnectFailed), early[2]);
        Assert.Equal(EndpointState.InService, health.State);
    }

    [Fact]
    public void A_probe_whose_client_left_lets_the_next_request_probe()
    {
        using var fleet = new Fleet();
        var health = fleet.Endpoint("h").Health;
        Fail(health, SendErrorKind.ConnectFailed);
        fleet.Time.Advance(TimeSpan.FromSeconds(1));
        var probe = Enter(health);
        health.Report(Fleet.Error(SendErrorKind.ClientLeft), probe);
        Assert.False(health.MayEnter);
        health.Leave(probe);
        Assert.True(Enter(health).IsProbe);
    }

    [Fact]
    public void A_probe_that_hangs_keeps_others_out_for_half_a_minute_only_and_one_that_streams_not_at_all()
    {
        using var fleet = new Fleet();
        var health = fleet.Endpoint("h").Health;
        Fail(health, SendErrorKind.ConnectFailed);
        fleet.Time.Advance(TimeSpan.FromSeconds(1));
        Enter(health);
        fleet.Time.Advance(TimeSpan.FromSeconds(29.9));
        Assert.False(health.MayEnter);
        fleet.Time.Advance(TimeSpan.FromSeconds(0.1));
        var second = Enter(health);
        Assert.True(second.IsProbe);
        health.Answers(second);
        Assert.Equal(EndpointState.InService, health.State);
    }

    [Fact]
    public void A_429_pauses_the_endpoint_for_as_long_as_it_asks()
    {
        using var fleet = new Fleet();
        var health = fleet.Endpoint("h").Health;
        health.Report(Fleet.Error(SendErrorKind.Throttled, TimeSpan.Zero), Enter(health));
        Assert.Equal(EndpointState.InService, health.State);
        health.Report(Fleet.Error(SendErrorKind.Throttled, TimeSpan.FromSeconds(20)), Enter(health));
        Assert.Equal((EndpointState.Cooling, TimeSpan.FromSeconds(20)), (health.State, health.Remaining));
        Assert.Equal("cooling for 20.0 s more (Throttled)", health.Describe());
        fleet.Time.Advance(TimeSpan.FromSeconds(20));
        health.Report(Fleet.Error(SendErrorKind.Throttled, TimeSpan.FromHours(9)), Enter(health));
        Assert.Equal(TimeSpan.FromMinutes(5), health.Remaining);
    }

    [Theory]
    [InlineData(nameof(SendErrorKind.Throttled))]
    [InlineData(nameof(SendErrorKind.Unavailable))]
    public void An_engine_that_says_for_how_long_is_left_alone_for_so_long(string kind)
    {
        using var fleet = new Fleet();
        var plan = fleet.Plan(balancing: null, 1);
        var health = plan.Candidates[0].Provider.Endpoints[0].Endpoint.Health;
        health.Report(Fleet.Error(Enum.Parse<SendErrorKind>(kind), TimeSpan.FromSeconds(20)), Enter(health));
        var tried = new TriedEndpoints();
        Assert.Null(fleet.Picker.TryTake(plan, default, ref tried));
        Assert.Equal((TimeSpan.FromSeconds(20), Enum.Parse<SendErrorKind>(kind)), (tried.Pause!.Remaining, tried.Pause.Cause));
        Assert.Equal(tried.Pause, Pause.SoonestOf(plan));
        Assert.Equal($"cooling for 20.0 s more ({kind})", health.Describe());
        health.Checked(null, 3);
        fleet.Time.Advance(TimeSpan.FromSeconds(19.9));
        Assert.Null(fleet.Picker.TryTake(plan, default, ref tried));
        fleet.Time.Advance(TimeSpan.FromSeconds(0.1));
        using var lease = fleet.Picker.TryTake(plan, default, ref tried)!.Value;
        Assert.True(lease.IsProbe);
        lease.Answers();
        Assert.Equal((EndpointState.InService, null), (health.State, Pause.SoonestOf(plan)));
    }

    [Fact]
    public void A_pause_is_lengthened_by_whoever_hears_of_it_and_ended_by_no_earlier_request()
    {
        using var fleet = new Fleet();
        var health = fleet.Endpoint("h").Health;
        var early = Enumerable.Range(0, 5).Select(_ => Enter(health)).ToList();
        health.Report(Fleet.Error(SendErrorKind.Throttled, TimeSpan.FromSeconds(2)), early[0]);
        health.Report(Fleet.Error(SendErrorKind.Throttled, TimeSpan.FromSeconds(9)), early[1]);
        health.Report(Fleet.Error(SendErrorKind.Unavailable, TimeSpan.FromSeconds(4)), early[2]);
        health.Report(Fleet.Error(SendErrorKind.Throttled), early[3]);
        health.Report(null, early[4]);
        Assert.Equal(TimeSpan.FromSeconds(9), health.PauseFor(out _));
        Assert.Equal(["EndpointEjected"], fleet.Log); // Once.
        fleet.Time.Advance(TimeSpan.FromSeconds(9));
        Succeed(health);
        Assert.Equal(EndpointState.InService, health.State);
    }

    [Fact]
    public void An_endpoint_that_is_out_can_still_ask_for_a_pause()
    {
        using var fleet = new Fleet();
        var health = fleet.Endpoint("h").Health;
        Fail(health, SendErrorKind.ConnectFailed);
        health.Report(Fleet.Error(SendErrorKind.Unavailable, TimeSpan.FromSeconds(30)), health.Enter());
        Assert.Equal((EndpointState.Cooling, TimeSpan.FromSeconds(30)), (health.State, health.Remaining));
        health.Checked(null, 3);
        Assert.Equal(EndpointState.Cooling, health.State); // It can be reached, which is not what it said.

        // One that fails longer than it asked for is left alone for as long as it asked, and then for want of a better one it may be asked.
        var other = fleet.Endpoint("o").Health;
        other.Checked("answered 500", 1);
        other.Report(Fleet.Error(SendErrorKind.Unavailable, TimeSpan.FromSeconds(5)), other.Enter());
        fleet.Time.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal((EndpointState.Down, true), (other.State, other.PauseFor(out _) <= TimeSpan.Zero));
        other.Checked(null, 1);
        Assert.Equal(EndpointState.Probing, other.State);
    }

    [Fact]
    public void Failed_checks_take_an_endpoint_out_until_one_succeeds_whatever_requests_say()
    {
        using var fleet = new Fleet();
        var health = fleet.Endpoint("h").Health;
        health.Checked("answered 503", 3);
        health.Checked("answered 503", 3);
        health.Checked(null, 3);
        health.Checked("answered 503", 3);
        health.Checked("answered 503", 3);
        Assert.Equal(EndpointState.InService, health.State);
        health.Checked("answered 503", 3);
        Assert.Equal("down (answered 503)", health.Describe());
        fleet.Time.Advance(TimeSpan.FromHours(1));
        Assert.False(health.TryEnter(out _));
        health.Report(null, health.Enter());
        Assert.Equal(EndpointState.Down, health.State);
        health.Checked("answered 503", 3);
        Assert.Equal(["EndpointDown"], fleet.Log);
        health.Checked(null, 3);
        Assert.Equal(EndpointState.InService, health.State);
    }

    [Theory]
    [InlineData(nameof(SendErrorKind.ConnectFailed), 1, true)]
    [InlineData(nameof(SendErrorKind.ConnectTimeout), 1, true)]
    [InlineData(nameof(SendErrorKind.ServerError), 3, false)]
    [InlineData(nameof(SendErrorKind.NoAnswerInTime), 3, false)]
    public void A_check_that_succeeds_ends_what_a_dead_connection_began_and_nothing_else(string kind, int errors, bool isBack)
    {
        using var fleet = new Fleet();
        var health = fleet.Endpoint("h").Health;
        for (var i = 0; i < errors; i++)
        {
            Fail(health, Enum.Parse<SendErrorKind>(kind));
        }

        health.Checked(null, 3);
        Assert.Equal(isBack, health.State == EndpointState.InService);
    }

    [Fact]
    public void An_endpoint_that_nobody_checks_any_more_serves_again()
    {
        using var fleet = new Fleet();
        var health = fleet.Endpoint("h").Health;
        health.Checked("answered 500", 1);
        health.Unchecked();
        Assert.Equal(EndpointState.InService, health.State);
        health.Checked("answered 500", 1);
        health.Forget();
        Assert.False(fleet.Journal.AnyOut);
        Fail(health, SendErrorKind.ConnectFailed);
        Assert.False(fleet.Journal.AnyOut);
    }

    private static HealthTicket Enter(EndpointHealth health)
    {
        Assert.True(health.TryEnter(out var ticket));
        return ticket;
    }

    private static void Succeed(EndpointHealth health) => health.Report(null, Enter(health));

    private static void Fail(EndpointHealth health, SendErrorKind kind)
    {
        if (health.TryEnter(out var ticket))
        {
            health.Report(Fleet.Error(kind), ticket);
            health.Leave(ticket);
        }
    }
}
