namespace Orrery.Simulator.Text;

/// <summary>Writes a conversation as prompt tokens, in ChatML with Hermes' tool framing, the way Qwen's template does.</summary>
internal static class ChatTemplate
{
    public const int TokensPerImage = 576;

    /// <param name="opensAnswer">Ends the prompt with the opening of the assistant's turn.</param>
    /// <param name="continuesLast">Leaves the last turn open, so that the answer goes on from it.</param>
    public static int[] Render(IReadOnlyList<ChatMessage> messages, IReadOnlyList<Tool> tools, bool opensAnswer = true, bool continuesLast = false)
    {
        var tokens = new List<int>();
        if (tools.Count > 0)
        {
            AddTurn(tokens, "system", "# Tools\n" + string.Join('\n', tools.Select(tool => tool.Json)));
        }

        for (var i = 0; i < messages.Count; i++)
        {
            AddMessage(tokens, messages[i], isOpen: continuesLast && i == messages.Count - 1);
        }

        if (opensAnswer && !continuesLast)
        {
            tokens.Add(Tokenizer.TurnStart);
            Tokenizer.Encode("assistant\n", tokens);
        }

        return [.. tokens];
    }

    private static void AddMessage(List<int> tokens, ChatMessage message, bool isOpen)
    {
        tokens.Add(Tokenizer.TurnStart);
        Tokenizer.Encode(message.Role + "\n", tokens);
        foreach (var image in message.Images)
        {
            tokens.AddRange(Enumerable.Repeat(Tokenizer.ImagePatch(image), TokensPerImage));
        }

        Tokenizer.Encode(message.Text, tokens);
        foreach (var call in message.ToolCalls)
        {
            Tokenizer.Encode($"<tool_call>\n{{\"name\": \"{call.Name}\", \"arguments\": {call.Arguments}}}\n</tool_call>", tokens);
        }

        if (!isOpen)
        {
            tokens.Add(Tokenizer.TurnEnd);
            Tokenizer.Encode("\n", tokens);
        }
    }

    private static void AddTurn(List<int> tokens, string role, string text) => AddMessage(tokens, new ChatMessage(role, text, [], []), isOpen: false);
}
