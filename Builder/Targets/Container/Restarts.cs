namespace Orrery.Builder.Targets.Container;

/// <summary>When a server that has ended is started again.</summary>
/// <param name="Crashes">How often in a row it has ended soon, this time included.</param>
/// <param name="At">Not before.</param>
/// <param name="GivesUp">It never answered, and has had its chances.</param>
internal sealed record Restart(int Crashes, DateTimeOffset At, bool GivesUp)
{
    /// <summary>Who ends so often before it ever answered, will not with the next start.</summary>
    public const int Chances = 5;

    private static readonly TimeSpan First = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Most = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan LongLife = TimeSpan.FromMinutes(10);

    /// <param name="restarts">How often it has been started again at all.</param>
    /// <param name="crashes">How often in a row it has ended soon before.</param>
    /// <param name="served">Whether it, or one before it, has ever answered.</param>
    public static Restart After(int restarts, int crashes, bool served, DateTimeOffset started, DateTimeOffset ended)
    {
        var inARow = ended - started >= LongLife ? 1 : crashes + 1;
        return new Restart(inARow, ended + Pause(inARow), !served && restarts + 1 >= Chances);
    }

    /// <summary>10 s, 20 s, 40 s, … 5 min.</summary>
    public static TimeSpan Pause(int crashes) => crashes > 5 ? Most : First * (1 << (crashes - 1));
}
