// Asks a gateway everything that the end-to-end test wants to know of the official client, and prints one JSON object.
// Environment: OPENAI_BASE_URL, OPENAI_API_KEY, CHAT_MODEL, EMBEDDING_MODEL.
import OpenAI from 'openai';

const client = new OpenAI({ maxRetries: 0 });
const model = process.env.CHAT_MODEL;
const question = [{ role: 'user', content: 'What is the weather in Paris?' }];

async function chat() {
  const answer = await client.chat.completions.create({ model, messages: question, max_tokens: 32 });
  return { content: answer.choices[0].message.content, finish: answer.choices[0].finish_reason, model: answer.model, usage: answer.usage };
}

async function stream() {
  const chunks = await client.chat.completions.create({
    model, messages: question, max_tokens: 32, stream: true, stream_options: { include_usage: true },
  });
  let content = '';
  let deltas = 0;
  let usage = null;
  let finish = null;
  for await (const chunk of chunks) {
    content += chunk.choices[0]?.delta?.content ?? '';
    deltas += chunk.choices[0]?.delta?.content ? 1 : 0;
    finish = chunk.choices[0]?.finish_reason ?? finish;
    usage = chunk.usage ?? usage;
  }
  return { content, deltas, finish, usage };
}

async function tool() {
  const answer = await client.chat.completions.create({
    model,
    messages: question,
    tools: [{
      type: 'function',
      function: {
        name: 'get_weather',
        description: 'The weather in a city',
        parameters: {
          type: 'object',
          properties: { city: { type: 'string' }, unit: { type: 'string', enum: ['celsius', 'fahrenheit'] } },
          required: ['city', 'unit'],
          additionalProperties: false,
        },
      },
    }],
    tool_choice: 'required',
  });
  const call = answer.choices[0].message.tool_calls[0];
  return { name: call.function.name, arguments: JSON.parse(call.function.arguments), finish: answer.choices[0].finish_reason };
}

async function embedding() {
  const answer = await client.embeddings.create({ model: process.env.EMBEDDING_MODEL, input: ['one', 'two'] });
  return { count: answer.data.length, dimensions: answer.data[0].embedding.length, usage: answer.usage };
}

async function models() {
  const ids = [];
  for await (const entry of client.models.list()) {
    ids.push(entry.id);
  }
  return ids;
}

async function unknownModel() {
  try {
    await client.chat.completions.create({ model: 'no-such-model', messages: question });
    return null;
  } catch (error) {
    return { status: error.status, code: error.code, message: error.message, requestId: error.requestID };
  }
}

console.log(JSON.stringify({
  chat: await chat(),
  stream: await stream(),
  tool: await tool(),
  embedding: await embedding(),
  models: await models(),
  unknownModel: await unknownModel(),
}));
