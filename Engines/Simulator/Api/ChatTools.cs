using System.Text.Json;
using Orrery.Simulator.Text;

namespace Orrery.Simulator.Api;

/// <summary><c>tools</c>, <c>tool_choice</c> and <c>parallel_tool_calls</c> of a request.</summary>
internal sealed record ChatTools(IReadOnlyList<Tool> All, ToolChoiceMode Mode, string? Named, bool AllowsSeveral)
{
    public static ChatTools Read(Fields body)
    {
        var tools = ReadTools(body);
        var (mode, named) = ReadChoice(body, tools);
        return new ChatTools(tools, mode, named, body.Flag("parallel_tool_calls", otherwise: true));
    }

    /// <summary>The calls of one answer; none: it answers in text.</summary>
    public (IReadOnlyList<ToolCall> Calls, string? Fault) Decide(ChatMessage last, Random random, IReadOnlyList<string> topics)
    {
        var calls = new List<ToolCall>();
        foreach (var tool in All.Count == 0 ? [] : ToolChoice.Decide(All, Mode, Named, AllowsSeveral, last))
        {
            var (arguments, fault) = ToolChoice.Arguments(tool, random, topics);
            if (arguments is null)
            {
                return ([], $"tools: the parameters of '{tool.Name}' {fault}.");
            }

            calls.Add(new ToolCall(NewId(random), tool.Name, arguments));
        }

        return (calls, null);
    }

    private static string NewId(Random random)
    {
        Span<byte> id = stackalloc byte[16];
        random.NextBytes(id);
        return $"chatcmpl-tool-{Convert.ToHexStringLower(id)}";
    }

    private static List<Tool> ReadTools(Fields body)
    {
        var tools = new List<Tool>();
        if (body.Array("tools") is not { } array)
        {
            return tools;
        }

        foreach (var (index, item) in array.EnumerateArray().Index())
        {
            var fields = body.Inner(item, $"tools[{index}]");
            if (fields.Text("type") is not (null or "function"))
            {
                fields.Fault("type", "function", fields.Any("type"));
            }

            if (fields.Object("function") is { } function && fields.Inner(function, "function") is var inner && inner.Text("name") is { Length: > 0 } name)
            {
                tools.Add(new Tool(name, inner.Text("description") ?? "", inner.Object("parameters"), function.GetRawText()));
            }
            else
            {
                fields.Fault("function.name", "the function's name");
            }
        }

        return tools;
    }

    private static (ToolChoiceMode Mode, string? Named) ReadChoice(Fields body, List<Tool> tools)
    {
        var choice = body.Any("tool_choice");
        if (choice is null)
        {
            return (tools.Count > 0 ? ToolChoiceMode.Auto : ToolChoiceMode.None, null);
        }

        if (Fields.TryText(choice.Value, out var word))
        {
            return ReadWord(body, word, choice.Value, tools);
        }

        var name = choice.Value.ValueKind == JsonValueKind.Object && choice.Value.TryGetProperty("function", out var function)
            ? body.Inner(function, "tool_choice.function").Text("name")
            : null;
        if (tools.All(tool => tool.Name != name))
        {
            body.Fault("tool_choice", "none, auto, required, or the function of one of the tools", choice);
        }

        return (ToolChoiceMode.Named, name);
    }

    private static (ToolChoiceMode Mode, string? Named) ReadWord(Fields body, string word, JsonElement choice, List<Tool> tools)
    {
        if (word is "auto" or "required" && tools.Count == 0)
        {
            body.Fault("tool_choice", $"tools to be set when it is {word}");
        }

        switch (word)
        {
            case "none":
                return (ToolChoiceMode.None, null);
            case "auto":
                return (ToolChoiceMode.Auto, null);
            case "required":
                return (ToolChoiceMode.Required, null);
            default:
                body.Fault("tool_choice", "none, auto, required, or the function of one of the tools", choice);
                return (ToolChoiceMode.None, null);
        }
    }
}
