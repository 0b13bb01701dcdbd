// Asks a gateway what OpenAI's client for JavaScript can ask by the Videos API, and prints one JSON object: for each question its answer, or the error as the client threw it.
// Environment: OPENAI_BASE_URL, OPENAI_API_KEY.
import { createHash } from 'node:crypto';
import OpenAI, { toFile } from 'openai';

const client = new OpenAI({ maxRetries: 0 });
const wish = { prompt: 'A calico cat', seconds: '8', size: '1280x720' };

async function made(model, body) {
  let video = await client.videos.create({ model, ...wish, ...body });
  const created = video.status;
  while (video.status === 'queued' || video.status === 'in_progress') {
    await new Promise(resolve => setTimeout(resolve, 100));
    video = await client.videos.retrieve(video.id);
  }
  const content = Buffer.from(await (await client.videos.downloadContent(video.id)).arrayBuffer());
  const listed = [];
  for await (const one of client.videos.list({ limit: 1, order: 'asc' })) {
    listed.push(one.id);
  }
  const deleted = await client.videos.delete(video.id);
  return {
    created, status: video.status, progress: video.progress, model: video.model, seconds: video.seconds, bytes: content.length, sha256: createHash('sha256').update(content).digest('hex'),
    listed: listed.at(-1) === video.id, deleted: deleted.deleted, gone: (await thrown(() => client.videos.retrieve(video.id))).status,
  };
}

async function thrown(ask) {
  try {
    await ask();
    return null;
  } catch (error) {
    return { name: error.constructor.name, status: error.status ?? null, code: error.code ?? null };
  }
}

const picture = await toFile(Buffer.from('89504e470d0a1a0a', 'hex'), 'cat.png', { type: 'image/png' });
await client.videos.create({ model: 'video', ...wish });
console.log(JSON.stringify({
  video: await made('video', {}),
  picture: await made('video', { input_reference: picture }),
  plain: await made('plain', { input_reference: picture }),
  early: await client.videos.create({ model: 'slow', ...wish }).then(video => thrown(() => client.videos.downloadContent(video.id))),
  wrongModel: await thrown(() => client.videos.create({ model: 'm', ...wish })),
  wrongSeconds: await thrown(() => client.videos.create({ model: 'video', ...wish, seconds: 'x' })),
  unknown: await thrown(() => client.videos.retrieve('video_0')),
}));
