import { estimate } from './features.mjs';
import { tokenizers } from './tokenizers.mjs';

const order = ['Unknown', 'O200k', 'Cl100k', 'Llama3', 'Qwen', 'MistralTekken', 'MistralSentencePiece', 'Gemma', 'DeepSeek', 'Claude'];

const wrapped = numbers => numbers.join(', ').replace(/(.{1,150}),( |$)/g, '$1,\n            ').trim();

export function table(features, tables) {
  const columns = order.flatMap(family => ['likely', 'upper'].map(column => `            // ${family}, ${column}\n            ${wrapped(tables[family][column])},`));
  return `namespace Orrery.Gateway.Tokens;

/// <summary>Thousandths of a token that each <see cref="TextFeature"/> costs, by family: likely, and at most. Written by <c>Bench/tokens/measure.mjs --write</c>.</summary>
internal static class TokenWeights
{
    public const int Features = ${features.length};

    public static ReadOnlySpan<ushort> Likely(TokenFamily family) => Table.Slice((int)family * 2 * Features, Features);

    public static ReadOnlySpan<ushort> Upper(TokenFamily family) => Table.Slice((((int)family * 2) + 1) * Features, Features);

    private static ReadOnlySpan<ushort> Table =>
        [
${columns.join('\n')}
        ];
}
`;
}

// Texts that every tokenizer makes at least so many tokens of; and what no text should be.
const least = 200;
const oddities = ['', 'a', ' ', '\n', 'é', '中', '😀', 'Ünïcödé', 'don\'t', 'HTTPServer2Go', '  x', '\r\n\r\n', '\t\t\tx', 'the the the', 'Привет, мир', '日本語とhan字漢字', '12 345 6789', '()[]{}', '======', '──────', 'a.b.c', '\u0000\u0001', '\uFEFFx', '\u200Dx', '👩‍👩‍👧', 'ﷺ', '𝔘𝔫𝔦', 'ꙮ', 'ա', 'ა'];
const broken = [[0x80], [0xC0, 0x80], [0xE2, 0x82], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xFF, 0x61, 0xFE], [0xF0, 0x9F, 0x98], [0x61, 0xE4, 0xB8, 0x62, 0x63]];

export function vectors(texts, tables, bounds) {
  const shortest = new Map();
  for (const text of texts) {
    if (!text.kind.startsWith('made:') || !text.isHeldOut || Math.min(...text.counts) < least) continue;
    if (!shortest.has(text.kind) || shortest.get(text.kind).bytes.length > text.bytes.length) shortest.set(text.kind, text);
  }
  const known = [...shortest.values()].map(({ kind, sense, text, counts }) => ({
    kind, sense, text,
    counts: Object.fromEntries(tokenizers.flatMap((tokenizer, index) => (tokenizer.check ? [] : [[tokenizer.family, counts[index]]]))),
    ...estimates(Buffer.from(text), tables),
  }));
  const odd = [...oddities.map(text => Buffer.from(text)), ...broken.map(bytes => Buffer.from(bytes))].map(bytes => ({ base64: bytes.toString('base64'), ...estimates(bytes, tables) }));
  const lines = list => list.map(item => `    ${JSON.stringify(item)}`).join(',\n');
  return `{\n  "families": ${JSON.stringify(order)},\n  "bounds": ${JSON.stringify(bounds)},\n  "texts": [\n${lines(known)}\n  ],\n  "oddities": [\n${lines(odd)}\n  ]\n}\n`;
}

function estimates(bytes, tables) {
  const found = order.map(family => estimate(bytes, tables[family]));
  return { likely: found.map(({ likely }) => likely), upper: found.map(({ upper }) => upper) };
}
