namespace Orrery.Simulator.Text;

/// <summary>One token of an answer and what a reader sees of it.</summary>
/// <param name="Text">What it adds to the content, or to the arguments of its tool call; empty for framing and for what a stop cut away.</param>
/// <param name="ToolCall">Index of the tool call it belongs to; -1: the content.</param>
/// <param name="OpensToolCall">The call's name is known with this token.</param>
internal readonly record struct OutputToken(int Id, string Text, int ToolCall = -1, bool OpensToolCall = false);

/// <summary>A call that an answer makes.</summary>
internal sealed record ToolCall(string Id, string Name, string Arguments);

/// <summary>A whole answer, decided before its first token is sent: text costs nothing here, only time is modelled token by token.</summary>
/// <param name="FinishReason"><c>stop</c>, <c>length</c> or <c>tool_calls</c>.</param>
/// <param name="StopReason">The stop text or the stop token's id that ended it; null for the natural end.</param>
internal sealed record Output(OutputToken[] Tokens, string FinishReason, object? StopReason, IReadOnlyList<ToolCall> ToolCalls, ulong Hash)
{
    public string Content => string.Concat(Tokens.Where(token => token.ToolCall < 0).Select(token => token.Text));

    public string Arguments(int toolCall) => string.Concat(Tokens.Where(token => token.ToolCall == toolCall).Select(token => token.Text));

    /// <summary>Calls whose opening was generated before a limit cut the answer.</summary>
    public IEnumerable<(int Index, ToolCall Call)> OpenedToolCalls =>
        Tokens.Where(token => token.OpensToolCall).Select(token => (token.ToolCall, ToolCalls[token.ToolCall]));
}
