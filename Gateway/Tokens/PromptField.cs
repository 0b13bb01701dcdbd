namespace Orrery.Gateway.Tokens;

/// <summary>What stands in a field of a request, as far as tokens go.</summary>
internal enum PromptField
{
    /// <summary>At the root a setting, in a message text.</summary>
    Other,
    Messages,
    System,
    Prompt,
    Tools,
    Schema,

    /// <summary>Names and settings that no model is shown.</summary>
    Hidden,
    Media,
    Source,
    Type,

    /// <summary>What a tool was called with.</summary>
    Arguments,
}
