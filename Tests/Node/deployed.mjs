// Asks a gateway for each of the given models, streamed and not, and for the list of models; prints one JSON object.
// Environment: OPENAI_BASE_URL, OPENAI_API_KEY, and MODELS, the ids with commas between them.
import OpenAI from 'openai';

const client = new OpenAI({ maxRetries: 0 });
const messages = [{ role: 'user', content: 'What does the contract say about notice?' }];

async function chat(model) {
  const answer = await client.chat.completions.create({ model, messages, max_tokens: 24 });
  return { model: answer.model, content: answer.choices[0].message.content, finish: answer.choices[0].finish_reason, tokens: answer.usage.completion_tokens };
}

async function stream(model) {
  const told = { content: '', finish: null, tokens: null };
  for await (const chunk of await client.chat.completions.create({ model, messages, max_tokens: 24, stream: true, stream_options: { include_usage: true } })) {
    told.content += chunk.choices[0]?.delta?.content ?? '';
    told.finish = chunk.choices[0]?.finish_reason ?? told.finish;
    told.tokens = chunk.usage?.completion_tokens ?? told.tokens;
  }
  return told;
}

const listed = [];
for await (const entry of client.models.list()) {
  listed.push(entry.id);
}

const answers = [];
for (const model of process.env.MODELS.split(',')) {
  answers.push({ asked: model, chat: await chat(model), stream: await stream(model) });
}

console.log(JSON.stringify({ listed, answers }));
