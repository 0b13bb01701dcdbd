// Texts that the script makes up: our sentences in many languages, and the things that are no prose.
import { Seeded } from './random.mjs';
import { names, sentences } from './sentences.mjs';

const times = (count, make) => Array.from({ length: count }, (_, index) => make(index));
const letters = 'abcdefghijklmnopqrstuvwxyz';
const words = 'account address amount archive author balance batch bucket cache channel client cluster column commit country created currency customer deadline default device digest driver duration endpoint engine error event filter format gateway group handler header height identifier image index input instance invoice item key label language latency length level limit list location manager member message method model module name network node object offset option order output owner package parent password path payload period person phone policy position price priority product profile project provider quantity query queue range reason record region replica request resource response result retry revision role route sample schedule schema scope secret segment sender server service session shard shipment signature size snapshot source status storage stream street string subject summary supplier table target team template tenant thread timeout title token total trace transport type update user value vendor version volume warehouse weight window worker zone'.split(' ');

function prose(language, random, isHeldOut) {
  const mine = sentences[language].filter((_, index) => (index % 2 === 1) === isHeldOut);
  const fill = text => text.replaceAll('{n}', () => random.between(2, 5000)).replaceAll('{name}', () => random.of(names[language]));
  return times(random.between(2, 5), () => times(random.between(2, 6), () => fill(random.of(mine))).join(/chinese|japanese/.test(language) ? '' : ' ')).join('\n\n');
}

const base64 = (random, bytes) => Buffer.from(times(bytes, () => random.below(256))).toString('base64');
const hex = (random, length) => times(length, () => random.below(16).toString(16)).join('');
const uuid = random => [8, 4, 4, 4, 12].map(length => hex(random, length)).join('-');
const camel = (random, count) => times(count, index => { const word = random.of(words); return index === 0 ? word : word[0].toUpperCase() + word.slice(1); }).join('');
const snake = (random, count) => times(count, () => random.of(words)).join('_');
const time = random => new Date(1.7e12 + random.below(1e11)).toISOString();
const number = random => random.of([() => random.below(100), () => random.below(1e6), () => (random.next() * 1000).toFixed(2), () => (random.next()).toFixed(6), () => -random.below(500), () => random.below(1e12)])();

function value(random, depth) {
  const kind = random.below(depth > 2 ? 5 : 7);
  if (kind === 0) return Number(number(random));
  if (kind === 1) return random.next() < 0.5;
  if (kind === 2) return random.of([uuid(random), time(random), random.of(words), null]);
  if (kind < 5) return times(random.between(1, 7), () => random.of(words)).join(' ');
  if (kind === 5) return times(random.between(1, 5), () => value(random, depth + 1));
  return Object.fromEntries(times(random.between(2, 6), () => [random.of([camel, snake])(random, random.between(1, 3)), value(random, depth + 1)]));
}

const document = random => Object.fromEntries(times(random.between(6, 12), () => [random.of([camel, snake])(random, random.between(1, 3)), value(random, 0)]));

function toolSchemas(random) {
  return times(random.between(2, 5), () => ({
    type: 'function',
    function: {
      name: snake(random, random.between(2, 3)),
      description: random.of(sentences.english).replaceAll('{n}', '12').replaceAll('{name}', 'Eleanor'),
      parameters: {
        type: 'object',
        properties: Object.fromEntries(times(random.between(2, 6), () => [camel(random, random.between(1, 2)), { type: random.of(['string', 'integer', 'boolean']), description: times(random.between(4, 12), () => random.of(words)).join(' ') }])),
        required: [random.of(words)],
      },
    },
  }));
}

const emoji = [...'😀😂😍🤔👍🙏🔥🎉🚀💡✅❌⚠️📌🐛🌍❤️👀💬🥳😅🤷🏽‍♀️👩‍💻🧪🐳☕⭐🎯'];
const chat = ['ok', 'thanks', 'see you', 'great work', 'on my way', 'no idea', 'let me check', 'done', 'really', 'lunch', 'deploy is green', 'wow'];

const makers = {
  csv: random => `${times(6, () => random.of(words)).join(',')}\n${times(random.between(15, 50), () => [random.below(1e5), time(random).slice(0, 10), number(random), random.of(words), number(random), random.below(2)].join(',')).join('\n')}\n`,
  numbers: random => times(random.between(20, 60), () => times(8, () => number(random)).join(random.of([' ', '\t', ', ']))).join('\n'),
  logs: random => times(random.between(8, 30), () => `${time(random)} ${random.of(['INFO', 'WARN', 'ERROR', 'DEBUG'])} [${random.of(words)}-${random.below(30)}] ${camel(random, 2)}: ${times(random.between(3, 8), () => random.of(words)).join(' ')} ${random.of(words)}=${number(random)} id=${hex(random, 16)} from 10.${random.below(256)}.${random.below(256)}.${random.below(256)}:${random.below(65536)} in ${random.below(4000)}ms`).join('\n'),
  base64: random => base64(random, random.between(500, 3000)),
  'base64 in lines': random => base64(random, random.between(500, 3000)).replace(/(.{76})/g, '$1\n'),
  hex: random => times(random.between(15, 60), () => `${random.of([() => hex(random, 64), () => uuid(random), () => hex(random, 40)])()}  ${snake(random, 2)}.tar.gz`).join('\n'),
  'minified JSON': random => JSON.stringify(times(random.between(2, 4), () => document(random))),
  'indented JSON': random => JSON.stringify(document(random), null, random.of([2, 4])),
  'tool schemas': random => JSON.stringify(toolSchemas(random)),
  emoji: random => times(random.between(20, 60), () => `${random.of(chat)} ${times(random.between(1, 4), () => random.of(emoji)).join('')}`).join('\n'),
  table: random => ['| ' + times(5, () => random.of(words)).join(' | ') + ' |', '| --- | --- | --- | --- | --- |', ...times(random.between(10, 40), () => '| ' + times(5, () => random.of([String(number(random)), random.of(words), `${random.of(words)} ${random.of(words)}`])).join(' | ') + ' |')].join('\n'),
  boxes: random => times(random.between(4, 12), () => `┌${'─'.repeat(random.between(10, 50))}┐\n│ ${times(4, () => random.of(words)).join(' ')} │\n├──────┼──────┤ → ${random.of(words)} ≤ ${random.below(99)}\n└${'─'.repeat(30)}┘ ${'='.repeat(random.between(5, 60))}`).join('\n'),
  SQL: random => times(random.between(6, 20), () => `SELECT ${times(random.between(1, 5), () => `${random.of(letters)}.${snake(random, 2)}`).join(', ')}\nFROM ${snake(random, 2)} AS ${random.of(letters)}\nWHERE ${snake(random, 1)} >= '${time(random).slice(0, 10)}' AND status IN (${times(3, () => `'${random.of(words)}'`).join(', ')})\nORDER BY 1 DESC LIMIT ${random.below(1000)};`).join('\n\n'),
  'names of code': random => times(random.between(60, 200), () => random.of([() => camel(random, 3), () => snake(random, 3), () => snake(random, 2).toUpperCase(), () => `${random.of(words)}.${camel(random, 2)}()`])()).join(random.of(['\n', ' ', ', '])),
  addresses: random => times(random.between(15, 50), () => `https://${random.of(words)}.example.${random.of(['com', 'org', 'net'])}/${random.of(words)}/${random.of([uuid(random), String(random.below(1e6)), random.of(words)])}?${random.of(words)}=${number(random)}&${random.of(words)}=${hex(random, 8)}`).join('\n'),
  'random letters': random => times(random.between(40, 200), () => times(random.between(3, 14), () => random.of(letters)).join('')).join(' '),
  'random ASCII': random => times(random.between(400, 2000), () => String.fromCharCode(random.between(32, 126))).join(''),
};

// A few lines in another script for which this machine may have no texts: letters in words, without meaning.
const alphabets = { Thai: [0x0E01, 0x0E2E], Hebrew: [0x05D0, 0x05EA], Greek: [0x03B1, 0x03C9], Tamil: [0x0B85, 0x0BB9], Georgian: [0x10D0, 0x10F0], Armenian: [0x0561, 0x0586], 'rare Han': [0x4E00, 0x9FA5], 'Han beyond': [0x20000, 0x2A6D6], runes: [0x16A0, 0x16EA], 'letters of mathematics': [0x1D400, 0x1D454] };
for (const [name, [first, last]] of Object.entries(alphabets)) {
  makers[`random ${name}`] = random => times(random.between(30, 120), () => times(random.between(2, 9), () => String.fromCodePoint(random.between(first, last))).join('')).join(' ');
}

export function generated(perKind) {
  const texts = [];
  const kinds = [...Object.keys(sentences).map(language => [language, prose]), ...Object.entries(makers).map(([kind, make]) => [kind, (_, random) => make(random)])];
  for (const [kind, make] of kinds) {
    for (let index = 0; index < perKind; index++) {
      const isHeldOut = index % 3 === 0;
      texts.push({ kind: `made: ${kind}`, isOwn: true, sense: kind.startsWith('random ') ? (/random (ASCII|letters)$/.test(kind) ? 'noise' : 'none') : 'all', isHeldOut, text: make(kind, new Seeded(`${kind} ${index}`), isHeldOut) });
    }
  }
  return texts;
}
