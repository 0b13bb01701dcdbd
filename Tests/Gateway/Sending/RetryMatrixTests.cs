namespace Orrery.Tests.Gateway.Sending;

/// <summary>Every failure that <c>docs/retries.md</c> lists, for whole answers and streams: who is asked next and how often, what the client sees, what health makes of it, that usage is settled once.</summary>
public sealed class RetryMatrixTests
{
    public static TheoryData<string, string> Rows
    {
        get
        {
            var rows = new TheoryData<string, string>();
            foreach (var row in FailureRow.All)
            {
                foreach (var answer in row.Answers)
                {
                    rows.Add(row.Failure, answer);
                }
            }

            return rows;
        }
    }

    [Fact]
    public void The_page_lists_what_is_tested() => Assert.Equal(FailureScripts.Names.Order(), FailureRow.All.Select(row => row.Failure).Order());

    [Theory]
    [MemberData(nameof(Rows))]
    public async Task A_failure_is_as_the_page_says(string failure, string answer)
    {
        var row = FailureRow.Of(failure);
        await using var world = await FailingWorld.StartAsync(row, isStream: answer == "stream");
        foreach (var way in FailingWorld.Ways)
        {
            if (row.IsAskedNext && way.MayGoOn)
            {
                await world.AssertAnotherAnswersAsync(way);
            }
            else
            {
                await world.AssertErrorAsync(way, isAsked: true);
            }
        }

        await AssertHealthAsync(row, world);
        await world.AssertSettledOnceAsync();
    }

    private static async Task AssertHealthAsync(FailureRow row, FailingWorld world)
    {
        var wantsPause = row is { HeldAgainst: "pause", RetryAfter: not null };
        await world.AssertErrorAsync(FailingWorld.Alone, isAsked: true);
        var afterOne = await world.HealthAsync(isAsked: !wantsPause);
        await world.AssertErrorAsync(FailingWorld.Alone, isAsked: !wantsPause);
        var afterThree = await world.HealthAsync(isAsked: !wantsPause);
        switch (row.HeldAgainst)
        {
            case "endpoint":
                Assert.NotEqual("healthy", afterOne);
                break;
            case "server":
                Assert.Equal("healthy", afterOne);
                Assert.NotEqual("healthy", afterThree);
                break;
            case "pause":
                Assert.Matches(wantsPause ? "^cooling for [67]" : "^cooling for|^to be probed .Throttled.", afterOne);
                break;
            default:
                Assert.Equal(("nobody", "healthy", "healthy"), (row.HeldAgainst, afterOne, afterThree));
                break;
        }
    }
}
