// Asks a gateway everything that Anthropic's client for JavaScript can ask of a model, and prints one JSON object: for each question its answer, or the error as the client threw it.
// Environment: ANTHROPIC_BASE_URL, ANTHROPIC_API_KEY.
import Anthropic from '@anthropic-ai/sdk';

const client = new Anthropic({ maxRetries: 0 });
const messages = [{ role: 'user', content: 'What is the weather in Paris?' }];
const tools = [{
  name: 'get_weather',
  description: 'The weather in a city',
  input_schema: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'], additionalProperties: false },
}];

const texts = message => message.content.filter(block => block.type === 'text').map(block => block.text).join('');

async function message(model) {
  const answer = await client.messages.create({ model, max_tokens: 32, system: 'Be brief.', messages });
  return { text: texts(answer), stop: answer.stop_reason, model: answer.model, tokens: answer.usage.input_tokens + answer.usage.cache_read_input_tokens + answer.usage.output_tokens };
}

async function stream(model) {
  const told = { events: [], text: '' };
  try {
    const stream = client.messages.stream({ model, max_tokens: 32, messages });
    stream.on('streamEvent', event => told.events.at(-1) === event.type || told.events.push(event.type));
    stream.on('text', text => { told.text += text; });
    const final = await stream.finalMessage();
    Object.assign(told, { final: texts(final), stop: final.stop_reason, tokens: final.usage.output_tokens });
  } catch (error) {
    told.error = described(error);
  }
  return told;
}

// A whole turn with a tool, as an agent takes it: the call, its result, the answer.
async function turn(model, streams) {
  const ask = body => streams ? client.messages.stream(body).finalMessage() : client.messages.create(body);
  const first = await ask({ model, max_tokens: 256, tools, tool_choice: { type: 'any' }, messages });
  const call = first.content.find(block => block.type === 'tool_use');
  const second = await ask({
    model, max_tokens: 64, tools,
    messages: [...messages, { role: 'assistant', content: first.content }, { role: 'user', content: [{ type: 'tool_result', tool_use_id: call.id, content: 'Sunny' }] }],
  });
  return { stop: first.stop_reason, name: call.name, input: call.input, answer: texts(second), end: second.stop_reason };
}

async function thrown(ask) {
  try {
    await ask();
    return null;
  } catch (error) {
    return described(error);
  }
}

function described(error) {
  return { name: error.constructor.name, status: error.status ?? null, type: error.error?.error?.type ?? null, code: error.error?.error?.code ?? null, requestId: error.requestID ?? null };
}

const create = (model, more) => () => client.messages.create({ model, max_tokens: 8, messages, ...more });

const count = async model => (await client.messages.countTokens({ model, messages, tools })).input_tokens;

console.log(JSON.stringify({
  simulatedCount: await count('sim'),
  message: await message('m'),
  stream: await stream('m'),
  turn: await turn('tools', false),
  turnStream: await turn('tools', true),
  simulated: await message('sim'),
  simulatedStream: await stream('sim'),
  simulatedTurn: await turn('sim', false),
  simulatedTurnStream: await turn('sim', true),
  broken: await stream('broken'),
  cut: await stream('cut'),
  ended: await stream('ended'),
  refused: await thrown(create('refusing')),
  throttled: await thrown(create('throttled')),
  failing: await thrown(create('failing')),
  unknownModel: await thrown(create('no-such-model')),
  badField: await thrown(create('m', { tool_choice: { type: 'some' } })),
  wrongKey: await thrown(() => new Anthropic({ apiKey: 'ork_none', maxRetries: 0 }).messages.create({ model: 'm', max_tokens: 8, messages })),
}));
