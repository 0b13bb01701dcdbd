namespace Orrery.Gateway.Tokens;

/// <summary>What a request has beside its texts, by family. <c>docs/tokens.md</c> says where each is from and which are assumptions.</summary>
internal sealed record TokenAllowance
{
    /// <summary>What begins the prompt and the answer, with the system message that a template adds of its own.</summary>
    public required int Request { get; init; }

    /// <summary>The most of it among the family's templates.</summary>
    public required int RequestAtMost { get; init; }

    /// <summary>Each message: its role and what parts it from the next.</summary>
    public required int Message { get; init; }

    /// <summary>What tells a model that there are tools and how to call them.</summary>
    public required int Tools { get; init; }

    /// <summary>For each member and element of a tool's schema: what a template that indents it adds to it.</summary>
    public int Member { get; init; }

    /// <summary>Each call of a tool in the messages.</summary>
    public required int Call { get; init; }

    /// <summary>Each picture, sound and file.</summary>
    public required int Media { get; init; }

    /// <summary>A large picture in full detail.</summary>
    public required int MediaAtMost { get; init; }

    private static readonly TokenAllowance[] Families = [.. Enum.GetValues<TokenFamily>().Select(family => family switch
    {
        TokenFamily.O200k => new TokenAllowance { Request = 3, RequestAtMost = 100, Message = 4, Tools = 16, Call = 10, Media = 765, MediaAtMost = 1445 },
        TokenFamily.Cl100k => new TokenAllowance { Request = 3, RequestAtMost = 3, Message = 4, Tools = 16, Call = 10, Media = 765, MediaAtMost = 1445 },
        TokenFamily.Llama3 => new TokenAllowance { Request = 30, RequestAtMost = 40, Message = 5, Tools = 56, Member = 2, Call = 10, Media = 1601, MediaAtMost = 6404 },
        TokenFamily.Qwen => new TokenAllowance { Request = 24, RequestAtMost = 24, Message = 5, Tools = 80, Call = 20, Media = 1369, MediaAtMost = 16384 },
        TokenFamily.MistralTekken => new TokenAllowance { Request = 3, RequestAtMost = 10, Message = 2, Tools = 8, Call = 30, Media = 4160, MediaAtMost = 4160 },
        TokenFamily.MistralSentencePiece => new TokenAllowance { Request = 3, RequestAtMost = 10, Message = 4, Tools = 16, Call = 30, Media = 4160, MediaAtMost = 4160 },
        TokenFamily.Gemma => new TokenAllowance { Request = 4, RequestAtMost = 8, Message = 5, Tools = 80, Call = 20, Media = 256, MediaAtMost = 1290 },
        TokenFamily.DeepSeek => new TokenAllowance { Request = 2, RequestAtMost = 8, Message = 2, Tools = 80, Call = 20, Media = 1369, MediaAtMost = 16384 },
        TokenFamily.Claude => new TokenAllowance { Request = 8, RequestAtMost = 16, Message = 4, Tools = 346, Call = 20, Media = 1600, MediaAtMost = 5000 },
        _ => new TokenAllowance { Request = 30, RequestAtMost = 100, Message = 5, Tools = 80, Member = 2, Call = 30, Media = 1600, MediaAtMost = 16384 },
    })];

    public static TokenAllowance Of(TokenFamily family) => Families[(int)family];
}
