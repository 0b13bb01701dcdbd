using Orrery.Gateway.Intake;

namespace Orrery.Gateway.Translation;

/// <summary>Makes a streaming request ask for usage, by the smallest splice that does it; whatever else the client wrote there stays.</summary>
internal static class StreamOptionsEdit
{
    private static readonly byte[] True = "true"u8.ToArray();
    private static readonly byte[] Field = ""","stream_options":{"include_usage":true}"""u8.ToArray();
    private static readonly byte[] ContinuousField = ""","stream_options":{"include_usage":true,"continuous_usage_stats":true}"""u8.ToArray();
    private static readonly byte[] Value = """{"include_usage":true}"""u8.ToArray();
    private static readonly byte[] ContinuousValue = """{"include_usage":true,"continuous_usage_stats":true}"""u8.ToArray();
    private static readonly byte[] Include = "\"include_usage\":true,"u8.ToArray();
    private static readonly byte[] Continuous = "\"continuous_usage_stats\":true,"u8.ToArray();
    private static readonly byte[] Both = "\"include_usage\":true,\"continuous_usage_stats\":true,"u8.ToArray();

    public static void AskForUsage(Call call, bool continuous, ref EditList edits)
    {
        var options = call.StreamOptions;
        if (!options.Value.IsPresent)
        {
            edits.Add(new ByteRange(call.ClosingBrace, 0), continuous ? ContinuousField : Field);
            return;
        }

        if (!options.IsObject || options.IsEmptyObject)
        {
            edits.Add(options.Value, continuous ? ContinuousValue : Value);
            return;
        }

        var insertInclude = !options.IncludeUsageValue.IsPresent;
        var insertContinuous = continuous && !options.ContinuousUsageValue.IsPresent;
        if (insertInclude || insertContinuous)
        {
            var afterBrace = new ByteRange(options.Value.Start + 1, 0);
            edits.Add(afterBrace, !insertContinuous ? Include : !insertInclude ? Continuous : Both);
        }

        if (!insertInclude && !options.IncludeUsage)
        {
            edits.Add(options.IncludeUsageValue, True);
        }

        if (continuous && !insertContinuous && !options.ContinuousUsage)
        {
            edits.Add(options.ContinuousUsageValue, True);
        }
    }
}
