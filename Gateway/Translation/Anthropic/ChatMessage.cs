using System.Text.Json;
using Orrery.Gateway.Intake;

namespace Orrery.Gateway.Translation.Anthropic;

internal enum ChatRole
{
    Unknown,
    System,
    User,
    Assistant,
    Tool,
}

/// <summary>Where the parts of one message stand.</summary>
internal readonly record struct ChatMessage
{
    public ChatRole Role { get; init; }

    public ByteRange RoleValue { get; init; }

    public ByteRange Content { get; init; }

    public ByteRange Refusal { get; init; }

    public ByteRange ToolCalls { get; init; }

    public ByteRange ToolCallId { get; init; }

    /// <summary>What an answer's <c>thinking_blocks</c> held, sent back.</summary>
    public ByteRange ThinkingBlocks { get; init; }

    /// <summary>Of the time before tools.</summary>
    public ByteRange FunctionCall { get; init; }

    public ByteRange CacheControl { get; init; }

    /// <summary>Reads the object that <paramref name="reader"/> stands on.</summary>
    public static ChatMessage Read(ref Utf8JsonReader reader, int offset)
    {
        var role = ChatRole.Unknown;
        ByteRange roleValue = default, content = default, refusal = default, toolCalls = default, toolCallId = default, thinking = default, functionCall = default, cacheControl = default;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("role"u8))
            {
                reader.Read();
                role = RoleOf(ref reader);
                roleValue = JsonBytes.ReadCurrent(ref reader, offset);
            }
            else if (reader.ValueTextEquals("content"u8))
            {
                content = JsonBytes.ReadValue(ref reader, offset);
            }
            else if (reader.ValueTextEquals("tool_calls"u8))
            {
                toolCalls = JsonBytes.ReadValue(ref reader, offset);
            }
            else if (reader.ValueTextEquals("tool_call_id"u8))
            {
                toolCallId = JsonBytes.ReadValue(ref reader, offset);
            }
            else if (reader.ValueTextEquals("thinking_blocks"u8))
            {
                thinking = JsonBytes.ReadValue(ref reader, offset);
            }
            else if (reader.ValueTextEquals("refusal"u8))
            {
                refusal = JsonBytes.ReadValue(ref reader, offset);
            }
            else if (reader.ValueTextEquals("function_call"u8))
            {
                functionCall = JsonBytes.ReadValue(ref reader, offset);
            }
            else if (reader.ValueTextEquals("cache_control"u8))
            {
                cacheControl = JsonBytes.ReadValue(ref reader, offset);
            }
            else
            {
                reader.Skip();
            }
        }

        return new ChatMessage
        {
            Role = role,
            RoleValue = roleValue,
            Content = content,
            Refusal = refusal,
            ToolCalls = toolCalls,
            ToolCallId = toolCallId,
            ThinkingBlocks = thinking,
            FunctionCall = functionCall,
            CacheControl = cacheControl,
        };
    }

    private static ChatRole RoleOf(ref Utf8JsonReader reader) =>
        reader.TokenType != JsonTokenType.String ? ChatRole.Unknown
        : reader.ValueTextEquals("user"u8) ? ChatRole.User
        : reader.ValueTextEquals("assistant"u8) ? ChatRole.Assistant
        : reader.ValueTextEquals("tool"u8) ? ChatRole.Tool
        : reader.ValueTextEquals("system"u8) || reader.ValueTextEquals("developer"u8) ? ChatRole.System
        : ChatRole.Unknown;
}
