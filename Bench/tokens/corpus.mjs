import { repository, machine } from './collected.mjs';
import { count } from './counted.mjs';
import { scan } from './features.mjs';
import { generated } from './generated.mjs';

export function collect() {
  const texts = [...generated(18), ...repository(), ...machine(24)];
  count(texts);
  for (const text of texts) {
    text.bytes = Buffer.from(text.text);
    text.features = [...scan(text.bytes)];
  }
  return texts;
}
