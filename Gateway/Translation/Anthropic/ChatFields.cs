using System.Text.Json;
using Orrery.Gateway.Intake;

namespace Orrery.Gateway.Translation.Anthropic;

/// <summary>The fields of a chat request that translation knows.</summary>
internal enum ChatField
{
    Model,
    Messages,
    Stream,
    StreamOptions,
    MaxTokens,
    MaxCompletionTokens,
    Tools,
    ToolChoice,
    ParallelToolCalls,
    Temperature,
    TopP,
    Stop,
    User,
    SafetyIdentifier,
    ReasoningEffort,
    Thinking,
    OutputConfig,
    ResponseFormat,
    ServiceTier,

    // Hints that change nothing of what an answer is; left out.
    Store,
    Metadata,
    Seed,
    Prediction,
    PromptCacheKey,
    PromptCacheRetention,

    // Ours: which way the request goes.
    Models,
    Routing,

    // Refused unless they ask for what happens anyway.
    N,
    Logprobs,
    TopLogprobs,
    LogitBias,
    PresencePenalty,
    FrequencyPenalty,
    Modalities,
    Audio,
    Verbosity,
    WebSearchOptions,
    Functions,
    FunctionCall,
}

/// <summary>Where each field of a chat request stands. What is not known is listed with its name, to be passed on.</summary>
internal sealed class ChatFields
{
    private static readonly byte[][] Names =
        [.. Enum.GetValues<ChatField>().Select(field => System.Text.Encoding.UTF8.GetBytes(JsonNamingPolicy.SnakeCaseLower.ConvertName(field.ToString())))];

    private readonly ByteRange[] _values = new ByteRange[Names.Length];

    public ByteRange this[ChatField field] => _values[(int)field];

    public List<(string Name, ByteRange Value)>? Unknown { get; private set; }

    public static string NameOf(ChatField field) => System.Text.Encoding.UTF8.GetString(Names[(int)field]);

    public static ChatFields Read(ReadOnlySpan<byte> body)
    {
        var fields = new ChatFields();
        var reader = JsonBytes.Reader(body);
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var index = IndexOf(ref reader);
            var name = index < 0 ? reader.GetString()! : null;
            var value = JsonBytes.ReadValue(ref reader, offset: 0);
            if (name is null)
            {
                fields._values[index] = value;
            }
            else if (value.IsPresent)
            {
                (fields.Unknown ??= []).Add((name, value));
            }
        }

        return fields;
    }

    private static int IndexOf(ref Utf8JsonReader reader)
    {
        for (var i = 0; i < Names.Length; i++)
        {
            if (reader.ValueTextEquals(Names[i]))
            {
                return i;
            }
        }

        return -1;
    }
}
