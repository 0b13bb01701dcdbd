using System.Text;
using Orrery.Gateway.Tokens;

namespace Orrery.Tests.Gateway.Tokens;

public sealed class RequestTokensTests
{
    private const int MaxDepth = 64;
    private const string Question = "Please summarise the attached report in three bullet points.";
    private static readonly TokenAllowance Qwen = TokenAllowance.Of(TokenFamily.Qwen);
    private static readonly long QuestionTokens = OfText(Question);

    [Theory]
    [InlineData("""{"model":"m","messages":[{"role":"user","content":"Please summarise the attached report in three bullet points."}],"temperature":0.5}""")]
    [InlineData("""{"model":"m","messages":[{"role":"user","content":[{"type":"text","text":"Please summarise the attached report in three bullet points."}]}]}""")]
    [InlineData("""{"messages":[{"content":"\u0050lease summarise the attached report in\u0020three bullet points.","role":"user","audio":null}],"user":"somebody with a long name"}""")]
    [InlineData("""{"mess\u0061ges":[{"role":"user","content":"Please summarise the attached report in three bullet points."}]}""")]
    [InlineData("""{"model":"claude","max_tokens":9,"messages":[{"role":"user","content":[{"type":"text","text":"Please summarise the attached report in three bullet points.","cache_control":{"type":"ephemeral"}}]}]}""")]
    public void AMessageIsItsTextAndWhatItsTemplateAdds(string body)
    {
        var count = Of(body);

        Assert.Equal(QuestionTokens + Qwen.Request + Qwen.Message, count.Likely);
        Assert.InRange(count.Upper, count.Likely, count.Most);
        Assert.Equal(0, count.Media);
    }

    [Fact]
    public void MessagesAddUp()
    {
        var three = Of($$"""{"messages":[{"role":"system","content":"{{Question}}"},{"role":"user","content":"{{Question}}"},{"role":"assistant","content":"{{Question}}"}]}""");
        var anthropic = Of($$"""{"system":[{"type":"text","text":"{{Question}}"}],"messages":[{"role":"user","content":"{{Question}}"},{"role":"assistant","content":"{{Question}}"}]}""");

        Assert.InRange(three.Likely, (3 * (QuestionTokens + Qwen.Message)) + Qwen.Request - 2, (3 * (QuestionTokens + Qwen.Message)) + Qwen.Request);
        Assert.Equal(three, anthropic);
    }

    [Theory]
    [InlineData("""{"type":"image_url","image_url":{"url":"data:image/png;base64,BASE64","detail":"high"}}""")]
    [InlineData("""{"type":"image_url","image_url":"data:image/png;base64,BASE64"}""")]
    [InlineData("""{"type":"input_audio","input_audio":{"data":"BASE64","format":"wav"}}""")]
    [InlineData("""{"type":"file","file":{"filename":"a.pdf","file_data":"data:application/pdf;base64,BASE64"}}""")]
    [InlineData("""{"type":"image","source":{"type":"base64","media_type":"image/png","data":"BASE64"}}""")]
    [InlineData("""{"type":"document","source":{"data":"BASE64","media_type":"application/pdf","type":"base64"}}""")]
    public void APictureASoundAndAFileHaveAFlatPrice(string part)
    {
        var with = Of($$"""{"messages":[{"role":"user","content":[{"type":"text","text":"{{Question}}"},{{part.Replace("BASE64", new string('A', 100_000), StringComparison.Ordinal)}}]}]}""");

        Assert.Equal(1, with.Media);
        Assert.Equal(QuestionTokens + Qwen.Request + Qwen.Message + Qwen.Media, with.Likely);
        Assert.InRange(with.Upper, Qwen.MediaAtMost, Qwen.MediaAtMost + 200);
    }

    [Fact]
    public void ADocumentThatIsTextIsText()
    {
        var count = Of($$$"""{"messages":[{"role":"user","content":[{"type":"document","source":{"type":"text","media_type":"text/plain","data":"{{{Question}}}"}}]}]}""");

        Assert.Equal(0, count.Media);
        Assert.InRange(count.Likely, QuestionTokens + Qwen.Request + Qwen.Message, QuestionTokens + Qwen.Request + Qwen.Message + 5);
    }

    [Fact]
    public void ToolsAreTheirSchemasAndWhatIntroducesThem()
    {
        const string Tool = """{"type": "function", "function": {"name": "get_weather", "parameters": {"type": "object", "required": ["city"]}}}""";
        var without = Of($$"""{"messages":[{"role":"user","content":"{{Question}}"}]}""");
        var with = Of($$"""{"messages":[{"role":"user","content":"{{Question}}"}],"tools":[{{Tool}}]}""");
        var minified = Of($$"""{"messages":[{"role":"user","content":"{{Question}}"}],"tools":[{{Tool.Replace(" ", "", StringComparison.Ordinal)}}]}""");

        Assert.InRange(with.Likely - without.Likely - Qwen.Tools, OfText(Tool), OfText(Tool) + 3);
        Assert.Equal(with, minified);
    }

    [Theory]
    [InlineData("""{"role":"assistant","content":null,"tool_calls":[{"id":"call_1234567890abcdef","type":"function","function":{"name":"get_weather","arguments":"{\"city\": \"Rome\"}"}}]}""")]
    [InlineData("""{"role":"assistant","content":[{"type":"tool_use","id":"toolu_1234567890abcdef","name":"get_weather","input":{"city":"Rome"}}]}""")]
    public void ACallIsItsNameAndItsArguments(string message)
    {
        var count = Of($$"""{"messages":[{{message}}]}""");

        var texts = OfText("get_weather") + OfText("""{"city": "Rome"}""");
        Assert.InRange(count.Likely, texts + Qwen.Request + Qwen.Message + Qwen.Call - 2, texts + Qwen.Request + Qwen.Message + Qwen.Call);
    }

    [Theory]
    [InlineData("""{"prompt":"Please summarise the attached report in three bullet points."}""")]
    [InlineData("""{"input":["Please summarise the attached report in three bullet points."],"encoding_format":"float"}""")]
    public void APromptIsItsText(string body) => Assert.Equal(QuestionTokens, Of(body).Likely);

    [Fact]
    public void APromptOfTokensIsTheirNumber() => Assert.Equal(new TokenCount(5, 5, 5), Of("""{"prompt":[[1,22,333],[4,5]]}"""));

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("{")]
    [InlineData("""{"messages":[{"role":"user","content":"unfinished""")]
    [InlineData("""{"messages":[]}x""")]
    public void WhatIsNoRequestCountsAsText(string body) => Assert.Equal(TokenEstimator.OfText(Encoding.UTF8.GetBytes(body), TokenFamily.Qwen), Of(body));

    [Fact]
    public void HalfACharacterAndBrokenBytesAreCounted()
    {
        var half = Of("""{"messages":[{"role":"user","\ud800":"\ud800 \udc00 \uD83D\uDE00 \u12","content":"x"}]}""".Replace("""\u12""", """\u0012""", StringComparison.Ordinal));
        Assert.InRange(half.Likely, Qwen.Request + Qwen.Message + 5, Qwen.Request + Qwen.Message + 30);

        byte[] broken = [.. """{"messages":[{"role":"user","content":" """u8, 0xFF, 0xC0, 0xE2, 0x82, .. "\"}]}"u8];
        var count = TokenEstimator.OfRequest(broken, TokenFamily.Qwen, MaxDepth);
        Assert.InRange(count.Likely, Qwen.Request + Qwen.Message + 4, count.Upper);
    }

    [Theory]
    [InlineData("""{"\ud800":1},""")]
    [InlineData("""[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]],""")]
    [InlineData("""{"type":"document","source":{"type":"content","x":[]}},""")]
    [InlineData("""{"source":{"source":{"source":{"type":"content"}}}},""")]
    [InlineData("""{"text":"\ud800\ud800\ud800"},""")]
    [InlineData("""{"input":{"a":[1,2,3]}},""")]
    public void TimeGrowsAsTheBodyDoes(string part)
    {
        var small = Body(part, 2_000);
        var large = Body(part, 64_000);

        LinearTime.Assert(() => TokenEstimator.OfRequest(small, TokenFamily.Unknown, MaxDepth), () => TokenEstimator.OfRequest(large, TokenFamily.Unknown, MaxDepth), times: 32);
    }

    [Fact]
    public void NothingIsAllocated()
    {
        var body = Encoding.UTF8.GetBytes($$$"""{"messages":[{"role":"user","content":"{{{Question}}}\n\u00e9","tool_calls":[{"function":{"name":"f","arguments":"{}"}}]}],"tools":[{"type":"function"}]}""");
        TokenEstimator.OfRequest(body, TokenFamily.Qwen, MaxDepth);
        var before = GC.GetAllocatedBytesForCurrentThread();

        TokenEstimator.OfRequest(body, TokenFamily.Qwen, MaxDepth);

        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    private static TokenCount Of(string body) => TokenEstimator.OfRequest(Encoding.UTF8.GetBytes(body), TokenFamily.Qwen, MaxDepth);

    private static long OfText(string text) => TokenEstimator.OfText(Encoding.UTF8.GetBytes(text), TokenFamily.Qwen).Likely;

    private static byte[] Body(string part, int parts) =>
        Encoding.UTF8.GetBytes("""{"messages":[{"role":"user","content":[PARTS{"text":"x"}]}]}""".Replace("PARTS", string.Concat(Enumerable.Repeat(part, parts)), StringComparison.Ordinal));
}
