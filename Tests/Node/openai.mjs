// Asks a gateway everything that the official client for JavaScript can, and prints one JSON object: for each question its answer, or the error as the client threw it.
// Environment: OPENAI_BASE_URL, OPENAI_API_KEY, and SLOW_API_KEY, a key that may ask once a second.
import OpenAI, { toFile } from 'openai';

const client = new OpenAI({ maxRetries: 0 });
const messages = [{ role: 'user', content: 'What is the weather in Paris?' }];
const tools = [{
  type: 'function',
  function: {
    name: 'get_weather',
    description: 'The weather in a city',
    parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'], additionalProperties: false },
  },
}];

async function chat(model) {
  const answer = await client.chat.completions.create({ model, messages, max_tokens: 32 });
  return { content: answer.choices[0].message.content, finish: answer.choices[0].finish_reason, model: answer.model, tokens: answer.usage.total_tokens };
}

async function stream(model) {
  const told = { content: '', finish: null, tokens: null, arguments: '' };
  try {
    const chunks = await client.chat.completions.create({ model, messages, max_tokens: 32, stream: true, stream_options: { include_usage: true } });
    for await (const chunk of chunks) {
      told.content += chunk.choices[0]?.delta?.content ?? '';
      told.finish = chunk.choices[0]?.finish_reason ?? told.finish;
      told.tokens = chunk.usage?.total_tokens ?? told.tokens;
    }
  } catch (error) {
    told.error = described(error);
  }
  return told;
}

async function tool(model) {
  const answer = await client.chat.completions.create({ model, messages, tools, tool_choice: 'required' });
  const call = answer.choices[0].message.tool_calls[0];
  return { name: call.function.name, arguments: JSON.parse(call.function.arguments), finish: answer.choices[0].finish_reason };
}

async function toolStream(model) {
  const final = await client.chat.completions.stream({ model, messages, tools, tool_choice: 'required' }).finalChatCompletion();
  const call = final.choices[0].message.tool_calls[0];
  return { name: call.function.name, arguments: JSON.parse(call.function.arguments), finish: final.choices[0].finish_reason };
}

async function completion(model) {
  const answer = await client.completions.create({ model, prompt: 'Once upon a time', max_tokens: 8 });
  return { text: answer.choices[0].text, model: answer.model };
}

async function embeddings(model) {
  const answer = await client.embeddings.create({ model, input: ['one', 'two'] });
  return { count: answer.data.length, first: answer.data[0].embedding.slice(0, 2), model: answer.model };
}

async function image() {
  const answer = await client.images.generate({ model: 'picture', prompt: 'a lighthouse' });
  return answer.data[0].b64_json;
}

async function speech() {
  const answer = await client.audio.speech.create({ model: 'voice', voice: 'alloy', input: 'Hello' });
  return { type: answer.headers.get('content-type'), bytes: (await answer.arrayBuffer()).byteLength };
}

async function transcription() {
  const answer = await client.audio.transcriptions.create({ model: 'ears', file: await toFile(Buffer.from('RIFF of sorts'), 'hello.wav') });
  return answer.text;
}

async function models() {
  const ids = [];
  for await (const entry of client.models.list()) {
    ids.push(entry.id);
  }
  return { ids, one: (await client.models.retrieve('m')).id };
}

/** The client's own retries: how often it asked in all, and how long that took. */
async function patient(model, apiKey) {
  let asked = 0;
  const fetch = (...args) => { asked += 1; return globalThis.fetch(...args); };
  const own = new OpenAI({ apiKey, maxRetries: 2, fetch });
  const began = performance.now();
  await own.chat.completions.create({ model, messages });
  const once = asked;
  await own.chat.completions.create({ model, messages });
  return { first: once, second: asked - once, milliseconds: performance.now() - began };
}

/** The connection itself: how reading it ends for a client that knows nothing of events. */
async function raw() {
  const ends = {};
  for (const model of ['broken', 'cut', 'ended']) {
    const response = await fetch(`${process.env.OPENAI_BASE_URL}/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${process.env.OPENAI_API_KEY}`, 'content-type': 'application/json' },
      body: JSON.stringify({ model, messages, stream: true }),
    });
    ends[model] = await response.text().catch(String);
  }
  return ends;
}

function described(error) {
  return { name: error.constructor.name, status: error.status ?? null, code: error.code ?? null, param: error.param ?? null, message: error.message, requestId: error.requestID ?? null };
}

const questions = {
  chat: () => chat('m'), simulatedChat: () => chat('sim'),
  stream: () => stream('m'), simulatedStream: () => stream('sim'),
  tool: () => tool('tools'), simulatedTool: () => tool('sim'),
  toolStream: () => toolStream('tools'), simulatedToolStream: () => toolStream('sim'),
  completion: () => completion('text'), simulatedCompletion: () => completion('sim'),
  embeddings: () => embeddings('embed'), simulatedEmbeddings: () => embeddings('sim-embed'),
  image, speech, transcription, models,
  refused: () => chat('refusing'),
  unknownModel: () => chat('no-such-model'),
  wrongKey: () => new OpenAI({ apiKey: 'ork_wrong', maxRetries: 0 }).chat.completions.create({ model: 'm', messages }),
  throttled: () => chat('throttled'),
  failing: () => chat('failing'),
  broken: () => stream('broken'),
  cut: () => stream('cut'),
  ended: () => stream('ended'),
  raw,
  limit: () => patient('m', process.env.SLOW_API_KEY),
};

const answers = {};
for (const [name, ask] of Object.entries(questions)) {
  try {
    answers[name] = await ask();
  } catch (error) {
    answers[name] = { error: described(error) };
  }
}
console.log(JSON.stringify(answers));
