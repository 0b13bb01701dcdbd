using System.Text.Json.Nodes;
using Orrery.Gateway.Tokens;

namespace Orrery.Tests.Gateway.Tokens;

/// <summary>What <c>Bench/tokens/measure.mjs --write</c> found: texts, what the tokenizers count and what the script estimates.</summary>
internal static class TokenVectors
{
    private static readonly JsonNode Document = JsonNode.Parse(File.ReadAllText(Path.Combine(Repository.Root, "Tests", "Gateway", "Tokens", "vectors.json")))!;

    public static TokenFamily[] Families { get; } = [.. Document["families"]!.AsArray().Select(family => Enum.Parse<TokenFamily>((string)family!))];

    public static Vector[] Texts { get; } = [.. Document["texts"]!.AsArray().Select(text => new Vector(text!, System.Text.Encoding.UTF8.GetBytes((string)text!["text"]!)))];

    public static Vector[] Oddities { get; } = [.. Document["oddities"]!.AsArray().Select(text => new Vector(text!, Convert.FromBase64String((string)text!["base64"]!)))];

    public static (double P95, double Worst) Bound(TokenFamily family)
    {
        var bound = Document["bounds"]![family.ToString()]!;
        return ((double)bound["p95"]! / 100, (double)bound["worst"]! / 100);
    }

    internal sealed record Vector(JsonNode Node, byte[] Bytes)
    {
        public string Kind => (string?)Node["kind"] ?? Convert.ToHexString(Bytes);

        /// <summary>Whether somebody would write it: texts of random characters are not what the bounds are about.</summary>
        public bool IsText => (string?)Node["sense"] == "all";

        /// <summary>Whether the upper bound is meant to hold for it.</summary>
        public bool IsBounded => (string?)Node["sense"] is "all" or "noise";

        public long Likely(TokenFamily family) => (long)Node["likely"]![Array.IndexOf(Families, family)]!;

        public long Upper(TokenFamily family) => (long)Node["upper"]![Array.IndexOf(Families, family)]!;

        /// <summary>The tokenizer's count; of the family that is not known the highest of all.</summary>
        public long Count(TokenFamily family) => family == TokenFamily.Unknown
            ? Node["counts"]!.AsObject().Max(count => (long)count.Value!)
            : (long)Node["counts"]![family.ToString()]!;

        public override string ToString() => Kind;
    }
}
