// Asks a gateway what the AI SDK can (`ai` with `@ai-sdk/openai-compatible`), and prints one JSON object: for each question its answer or error.
// Environment: OPENAI_BASE_URL, OPENAI_API_KEY.
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { embedMany, generateText, Output, stepCountIs, streamText, tool } from 'ai';
import { z } from 'zod';

globalThis.AI_SDK_LOG_WARNINGS = false;
const gateway = createOpenAICompatible({
  name: 'orrery', baseURL: process.env.OPENAI_BASE_URL, apiKey: process.env.OPENAI_API_KEY, includeUsage: true, supportsStructuredOutputs: true,
});
const prompt = 'What is the weather in Paris?';
const common = { maxRetries: 0, prompt };

async function text(model) {
  const answer = await generateText({ ...common, model: gateway(model) });
  return { text: answer.text, finish: answer.finishReason, tokens: answer.usage.totalTokens };
}

async function stream(model) {
  const told = { text: '', errors: [], finish: null, tokens: null };
  try {
    const answer = streamText({ ...common, model: gateway(model), onError: () => {} });
    for await (const part of answer.fullStream) {
      if (part.type === 'text-delta') {
        told.text += part.text;
      } else if (part.type === 'error') {
        told.errors.push(String(part.error?.message ?? part.error));
      } else if (part.type === 'finish') {
        told.finish = part.finishReason ?? 'none';
        told.tokens = part.totalUsage.totalTokens;
      }
    }
  } catch (error) {
    told.thrown = String(error);
  }
  return told;
}

async function tools(model) {
  const weather = tool({
    description: 'The weather in a city',
    inputSchema: z.object({ city: z.string() }),
    execute: ({ city }) => `It is sunny in ${city}.`,
  });
  const answer = await generateText({ ...common, model: gateway(model), tools: { get_weather: weather }, stopWhen: stepCountIs(2) });
  return { steps: answer.steps.length, calls: answer.steps[0].toolCalls.map((call) => call.toolName), results: answer.steps[0].toolResults.length, text: answer.text };
}

async function object(model) {
  const schema = z.object({ city: z.string(), celsius: z.number() });
  const answer = await generateText({ ...common, model: gateway(model), output: Output.object({ schema }) });
  return { keys: Object.keys(answer.output).sort(), celsius: typeof answer.output.celsius };
}

async function embeddings(model) {
  const answer = await embedMany({ maxRetries: 0, model: gateway.embeddingModel(model), values: ['one', 'two'] });
  return { count: answer.embeddings.length, first: answer.embeddings[0].slice(0, 2) };
}

const questions = {
  text: () => text('m'), simulatedText: () => text('sim'),
  stream: () => stream('m'), simulatedStream: () => stream('sim'),
  tools: () => tools('tools'), simulatedTools: () => tools('sim'),
  object: () => object('object'), simulatedObject: () => object('sim'),
  embeddings: () => embeddings('floats'), simulatedEmbeddings: () => embeddings('sim-embed'),
  refused: () => text('refusing'),
  broken: () => stream('broken'),
  cut: () => stream('cut'),
  ended: () => stream('ended'),
};

const answers = {};
for (const [name, ask] of Object.entries(questions)) {
  try {
    answers[name] = await ask();
  } catch (error) {
    answers[name] = { error: { name: error.name, status: error.statusCode ?? null, message: error.message, isRetryable: error.isRetryable ?? null } };
  }
}
console.log(JSON.stringify(answers));
