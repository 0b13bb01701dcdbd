using System.Text;

namespace Orrery.Simulator.Text;

/// <summary>Ends an answer where a stop text is complete, whatever tokens it is spread over, or at a stop token.</summary>
internal static class StopStrings
{
    /// <returns>The tokens up to the stop, their text cut in front of it (or behind it: <c>include_stop_str_in_output</c>), and the stop, if any.</returns>
    public static (OutputToken[] Tokens, object? Stop) Apply(OutputToken[] tokens, SamplingParameters sampling)
    {
        if (sampling.Stop.Count == 0 && sampling.StopTokenIds.Count == 0)
        {
            return (tokens, null);
        }

        var text = new StringBuilder();
        var longest = sampling.Stop.Select(stop => stop.Length).DefaultIfEmpty(0).Max();
        for (var i = 0; i < tokens.Length; i++)
        {
            var searchedTo = text.Length;
            text.Append(tokens[i].ToolCall < 0 ? tokens[i].Text : "");
            if (i < sampling.MinTokens)
            {
                continue;
            }

            if (sampling.StopTokenIds.Contains(tokens[i].Id))
            {
                return (Cut(tokens[..(i + 1)], sampling.IncludeStop ? text.Length : searchedTo), tokens[i].Id);
            }

            var from = Math.Max(0, searchedTo - longest + 1);
            var window = text.ToString(from, text.Length - from);
            var found = sampling.Stop
                .Select(stop => (Stop: stop, At: window.IndexOf(stop, StringComparison.Ordinal)))
                .Where(hit => hit.At >= 0 && from + hit.At + hit.Stop.Length > searchedTo)
                .OrderBy(hit => hit.At)
                .FirstOrDefault();
            if (found.Stop is { } stop)
            {
                return (Cut(tokens[..(i + 1)], from + found.At + (sampling.IncludeStop ? stop.Length : 0)), stop);
            }
        }

        return (tokens, null);
    }

    private static OutputToken[] Cut(OutputToken[] tokens, int length)
    {
        var position = 0;
        for (var i = 0; i < tokens.Length; i++)
        {
            if (tokens[i].ToolCall >= 0)
            {
                continue;
            }

            var text = tokens[i].Text;
            tokens[i] = tokens[i] with { Text = text[..Math.Clamp(length - position, 0, text.Length)] };
            position += text.Length;
        }

        return tokens;
    }
}
