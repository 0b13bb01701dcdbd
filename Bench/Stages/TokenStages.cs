using System.Text;
using BenchmarkDotNet.Attributes;
using Orrery.Gateway.Tokens;

namespace Orrery.Bench.Stages;

/// <summary>Tokens estimated without a tokenizer, by what the text is.</summary>
public class TokenStages
{
    private const int Bytes = 1 << 10;

    private readonly byte[] _english = Of("The harbour was quiet when Martha came down the stairs with a lantern in one hand. ");
    private readonly byte[] _code = Of("    if (reader.TokenType == JsonTokenType.PropertyName) { _members[12]++; }\n");
    private readonly byte[] _chinese = Of("码头上一片寂静，她一手提着灯笼，慢慢走下楼梯。");
    private readonly byte[] _russian = Of("В гавани было тихо, когда она спустилась по лестнице. ");
    private readonly byte[] _request = [.. """{"model":"m","messages":[{"role":"user","content":" """u8, .. Of("The harbour was quiet when Martha came down the stairs.\\n"), .. "\"}]}"u8];

    [Benchmark(Description = "tokens of 1 KB of English")]
    public long English() => TokenEstimator.OfText(_english, TokenFamily.Qwen).Likely;

    [Benchmark(Description = "tokens of 1 KB of code")]
    public long Code() => TokenEstimator.OfText(_code, TokenFamily.Qwen).Likely;

    [Benchmark(Description = "tokens of 1 KB of Chinese")]
    public long Chinese() => TokenEstimator.OfText(_chinese, TokenFamily.Qwen).Likely;

    [Benchmark(Description = "tokens of 1 KB of Russian")]
    public long Russian() => TokenEstimator.OfText(_russian, TokenFamily.Qwen).Likely;

    [Benchmark(Description = "tokens of a chat of 1 KB")]
    public long Request() => TokenEstimator.OfRequest(_request, TokenFamily.Qwen, maxDepth: 64).Likely;

    private static byte[] Of(string text) => Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat(text, (Bytes / Encoding.UTF8.GetByteCount(text)) + 1)))[..Bytes];
}
