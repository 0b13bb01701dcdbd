// Fits the weights on the texts for calibration and says how far off they are on the others. --write also writes the C# table and the test's vectors.
import { writeFileSync } from 'node:fs';
import { collect } from './corpus.mjs';
import { groups, groupOf } from './groups.mjs';
import { features } from './features.mjs';
import { table, vectors } from './output.mjs';
import { errors, percent } from './report.mjs';
import { families, tokenizers } from './tokenizers.mjs';
import { tableOf } from './weights.mjs';

const texts = collect();
const measured = tokenizers.flatMap((tokenizer, index) => (tokenizer.check ? [] : [index]));
const tables = {};
const bounds = {};

const trueCount = (text, index) => text.counts[index];
const highest = text => Math.max(...measured.map(index => text.counts[index]));
const rows = target => texts.filter(text => !text.isHeldOut).map(text => ({ counts: text.features, target: target(text), sense: text.sense }));
const heldOut = texts.filter(text => text.isHeldOut);
const line = (name, found) => `| ${name} | ${found.length} | ${percent(found.mean)} | ${percent(found.p95)} | ${percent(found.worst)} | ${percent(found.above)} | ${found.upper.toFixed(2)} |`;
const heading = ['| texts | number | mean error | p95 | worst | above the upper bound | upper : true |', '| --- | --- | --- | --- | --- | --- | --- |'];

for (const family of families) {
  const index = tokenizers.findIndex(tokenizer => tokenizer.family === family && !tokenizer.check);
  const target = family === 'Unknown' ? highest : text => trueCount(text, index);
  tables[family] = tableOf(rows(target));
  const found = errors(heldOut.filter(text => text.sense === 'all'), target, tables[family]);
  bounds[family] = { p95: Math.ceil(found.p95 * 100), worst: Math.ceil(found.worst * 100), source: family === 'Unknown' ? 'the highest of all' : tokenizers[index].source };
  console.log(`\n## ${family} (${bounds[family].source})\n`);
  console.log([...heading, ...groups.map(group => line(group, errors(heldOut.filter(text => groupOf(text) === group), target, tables[family]))), line('**all but noise**', found)].join('\n'));
  for (const [check, tokenizer] of tokenizers.entries()) {
    if (tokenizer.check && tokenizer.family === family) console.log(line(`check: ${tokenizer.check} (${tokenizer.source}), all texts`, errors(texts.filter(text => text.sense === 'all'), text => trueCount(text, check), tables[family])));
  }
  if (process.argv.includes('--kinds')) {
    const kinds = [...new Set(heldOut.map(text => text.kind))];
    console.log(kinds.map(kind => line(kind, errors(heldOut.filter(text => text.kind === kind), target, tables[family]))).join('\n'));
  }
}

if (process.argv.includes('--write')) {
  const root = new URL('../../', import.meta.url);
  writeFileSync(new URL('Gateway/Tokens/TokenWeights.cs', root), table(features, tables));
  writeFileSync(new URL('Tests/Gateway/Tokens/vectors.json', root), vectors(texts, tables, bounds));
}
