using System.Globalization;
using System.Text.RegularExpressions;
using Orrery.Contracts;

namespace Orrery.Builder.Builds;

/// <summary>Reads in a tool's lines how far it is.</summary>
internal static partial class BuildSteps
{
    /// <returns>The step that a line begins, for people; <c>null</c>: it begins none.</returns>
    public static string? Of(string line) => Step.Match(line) is not { Success: true } match ? null
        : string.Create(CultureInfo.InvariantCulture, $"Step {match.Groups["step"].Value} of {match.Groups["steps"].Value}: {match.Groups["text"].Value.Cut(120, "…")}");

    /// <summary>Whether from this line on the image is being pushed, by a tool that builds and pushes in one.</summary>
    public static bool IsPushing(string line) => Pushing.IsMatch(line);

    /// <summary>podman: <c>[1/2] STEP 3/9: RUN …</c>; BuildKit: <c>#8 [stage-1 3/9] RUN …</c>.</summary>
    [GeneratedRegex(@"^(?:(?:\[[0-9]{1,4}/[0-9]{1,4}\] )?STEP (?<step>[0-9]{1,4})/(?<steps>[0-9]{1,4}): |#[0-9]{1,6} \[(?:[^\] ]{1,100} )?(?<step>[0-9]{1,4})/(?<steps>[0-9]{1,4})\] )(?<text>.+)$")]
    private static partial Regex Step { get; }

    [GeneratedRegex(@"^(?:#[0-9]{1,6} (?:[0-9.]{1,10} )?pushing |The push refers to repository |Getting image source signatures)")]
    private static partial Regex Pushing { get; }
}
