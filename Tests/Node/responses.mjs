// Asks a gateway what OpenAI's client for JavaScript and OpenAI's Agents SDK can ask by the Responses API, and prints one JSON object: for each question its answer, or the error as the client threw it.
// Environment: OPENAI_BASE_URL, OPENAI_API_KEY.
import { Agent, run, setTracingDisabled, tool } from '@openai/agents';
import OpenAI from 'openai';
import { z } from 'zod';

setTracingDisabled(true);
const client = new OpenAI({ maxRetries: 0 });
const input = 'What is the weather in Paris?';
const tools = [{
  type: 'function', name: 'get_weather', description: 'The weather in a city', strict: true,
  parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'], additionalProperties: false },
}];

async function response(model) {
  const answer = await client.responses.create({ model, input, instructions: 'Be brief.', max_output_tokens: 32 });
  return { text: answer.output_text, status: answer.status, model: answer.model, tokens: answer.usage.total_tokens };
}

async function stream(model) {
  const told = { events: [], text: '' };
  try {
    const stream = client.responses.stream({ model, input, max_output_tokens: 32 });
    for await (const event of stream) {
      if (told.events.at(-1) !== event.type) {
        told.events.push(event.type);
      }
      told.text += event.type === 'response.output_text.delta' ? event.delta : '';
    }
    const final = await stream.finalResponse();
    Object.assign(told, { final: final.output_text, status: final.status });
  } catch (error) {
    told.error = described(error);
  }
  return told;
}

// A whole turn with a tool: the call, its result, the answer.
async function turn(model, streams) {
  const ask = body => streams ? client.responses.stream(body).finalResponse() : client.responses.create(body);
  const first = await ask({ model, input, tools, tool_choice: 'required' });
  const call = first.output.find(item => item.type === 'function_call');
  const second = await ask({ model, tools, input: [{ role: 'user', content: input }, ...first.output, { type: 'function_call_output', call_id: call.call_id, output: 'Sunny' }] });
  return { name: call.name, arguments: JSON.parse(call.arguments), answer: second.output_text };
}

async function object(model) {
  const format = { type: 'json_schema', name: 'weather', strict: true, schema: { type: 'object', properties: { city: { type: 'string' }, celsius: { type: 'number' } }, required: ['city', 'celsius'], additionalProperties: false } };
  const answer = await client.responses.create({ model, input, text: { format } });
  return Object.keys(JSON.parse(answer.output_text)).sort();
}

async function agent(model, streams) {
  const asked = [];
  const weather = new Agent({
    name: 'Weather', model, instructions: 'Answer with the weather.', modelSettings: { toolChoice: 'required', store: false },
    tools: [tool({ name: 'get_weather', description: 'The weather in a city', parameters: z.object({ city: z.string() }), execute: ({ city }) => { asked.push(city); return 'Sunny'; } })],
  });
  const result = await run(weather, input, { stream: streams });
  if (streams) {
    await result.completed;
  }
  return { calls: asked.length, city: typeof asked[0], answer: typeof result.finalOutput, said: result.finalOutput };
}

// What lasts: read again, its items, gone on from, deleted.
async function stored(model) {
  const first = await client.responses.create({ model, input });
  const read = await client.responses.retrieve(first.id);
  const next = await client.responses.create({ model, input: [{ role: 'user', content: 'And now?' }, { role: 'user', content: 'And then?' }], previous_response_id: first.id });
  const items = [];
  for await (const item of client.responses.inputItems.list(next.id, { limit: 1 })) {
    items.push(item.type);
  }
  const again = await client.responses.stream({ model, input, previous_response_id: next.id }).finalResponse();
  await client.responses.delete(first.id);
  const deleted = await thrown(() => client.responses.retrieve(first.id));
  return { same: read.output_text === first.output_text && read.id === first.id, items, again: [again.output_text, again.status], deleted: deleted.status };
}

async function ended(response) {
  while (response.status === 'queued' || response.status === 'in_progress') {
    response = await client.responses.retrieve(response.id);
  }
  return response;
}

async function background(model) {
  const begun = await client.responses.create({ model, input, background: true });
  const done = await ended(begun);
  return { queued: begun.status, done: done.status, text: done.output.flatMap(item => item.content).map(part => part.text).join('') };
}

// Leaves after the first word, and comes back for the rest.
async function backgroundStream(model) {
  const told = { read: '', resumed: '' };
  let id, cursor;
  const textOf = event => event.type === 'response.output_text.delta' ? event.delta : '';
  for await (const event of await client.responses.create({ model, input, background: true, stream: true })) {
    id ??= event.response.id;
    told.resumed += textOf(event);
    cursor = event.sequence_number;
    if (told.resumed) {
      break;
    }
  }
  for await (const event of await client.responses.retrieve(id, { stream: true, starting_after: cursor })) {
    told.resumed += textOf(event);
    told.status = event.response?.status;
  }
  told.read = (await ended(await client.responses.retrieve(id))).output[0].content[0].text;
  return told;
}

async function cancelled(model) {
  const { id } = await client.responses.create({ model, input, background: true });
  return (await client.responses.cancel(id)).status;
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
  return { name: error.constructor.name, status: error.status ?? null, code: error.code ?? null, message: error.message };
}

console.log(JSON.stringify({
  response: await response('m'),
  stream: await stream('m'),
  turn: await turn('tools', false),
  turnStream: await turn('tools', true),
  object: await object('object'),
  agent: await agent('tools', false),
  agentStream: await agent('tools', true),
  simulated: await response('sim'),
  simulatedStream: await stream('sim'),
  simulatedTurn: await turn('sim', false),
  simulatedTurnStream: await turn('sim', true),
  simulatedAgent: await agent('sim', false),
  broken: await stream('broken'),
  cut: await stream('cut'),
  ended: await stream('ended'),
  refused: await thrown(() => client.responses.create({ model: 'refusing', input })),
  unknownModel: await thrown(() => client.responses.create({ model: 'no-such-model', input })),
  stored: await stored('m'),
  background: await background('m'),
  backgroundStream: await backgroundStream('m'),
  cancelled: await cancelled('hanging'),
  unknownPrevious: await thrown(() => client.responses.create({ model: 'm', input, previous_response_id: 'resp_1' })),
}));
