namespace Orrery.Gateway.Intake;

/// <summary>What the body asks for, as far as routing and translation need to know; the rest stays bytes.</summary>
internal sealed class Call
{
    private Modalities? _modalities;

    /// <summary>The body as it came. Valid until the request is over.</summary>
    public required ReadOnlyMemory<byte> Body { get; init; }

    /// <summary>The body where it is <c>multipart/form-data</c>; <see cref="Body"/> is empty then.</summary>
    public FormBody? Form { get; init; }

    /// <summary>The body's length in bytes.</summary>
    public long Length => Form?.Length ?? Body.Length;

    /// <summary>As the client wrote it: a public id, an alias or <c>provider/model</c>.</summary>
    public string ModelName { get; set; } = "";

    /// <summary>Where the value of <c>model</c> stands, quotes included; where it belongs, of length 0, when the body has none.</summary>
    public ByteRange Model { get; set; }

    /// <summary><c>models</c>: further names, in the order in which they are tried.</summary>
    public IReadOnlyList<string>? Models { get; set; }

    /// <summary><c>routing</c>.</summary>
    public RoutingWish? Routing { get; set; }

    /// <summary>What engines do not see of the body.</summary>
    public Removals Removals { get; set; }

    /// <summary>What the messages hold; found when first asked for.</summary>
    public Modalities Modalities => _modalities ??= Form is null ? ModalitiesExtensions.Of(Body.Span, MaxDepth) : FormModalities;

    /// <summary>What <see cref="Form"/> brings.</summary>
    public Modalities FormModalities { get; init; }

    /// <summary>What a video is to be, where one is asked for.</summary>
    public VideoWish? Video { get; set; }

    public int MaxDepth { get; init; } = 64;

    public bool Stream { get; set; }

    public StreamOptions StreamOptions { get; set; }

    /// <summary>The engine can be asked for usage by <c>stream_options</c>.</summary>
    public bool AsksForUsage { get; set; }

    public long? MaxTokens { get; set; }

    /// <summary><c>n</c>: answers to one prompt.</summary>
    public long Choices { get; set; } = 1;

    public bool HasTools { get; set; }

    /// <summary>The answer is to go on from the last message, which is the assistant's own.</summary>
    public bool ContinuesAnswer { get; init; }

    /// <summary>Where the body's closing brace stands.</summary>
    public int ClosingBrace { get; set; }
}

/// <summary>A stretch of bytes. Length 0: it is not there.</summary>
internal readonly record struct ByteRange(int Start, int Length)
{
    public bool IsPresent => Length > 0;

    public int End => Start + Length;
}

/// <summary><c>stream_options</c>, and where its parts stand, so that usage can be asked for by splicing.</summary>
internal readonly record struct StreamOptions
{
    /// <summary>The whole value, <c>null</c> included.</summary>
    public ByteRange Value { get; init; }

    /// <summary>The value is an object, and not <c>null</c>.</summary>
    public bool IsObject { get; init; }

    public bool IsEmptyObject { get; init; }

    public ByteRange IncludeUsageValue { get; init; }

    public ByteRange ContinuousUsageValue { get; init; }

    /// <summary>The client wants the usage chunk at the end.</summary>
    public bool IncludeUsage { get; init; }

    /// <summary>The client wants usage in every chunk (vLLM's <c>continuous_usage_stats</c>).</summary>
    public bool ContinuousUsage { get; init; }
}
