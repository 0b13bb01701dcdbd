import { estimate } from './features.mjs';

const least = 200; // Shorter texts have errors of a few tokens that are large shares.

export function errors(texts, target, table) {
  const found = [];
  let [above, ratio] = [0, 0];
  for (const text of texts) {
    const actual = target(text);
    if (actual < least) continue;
    const { likely, upper } = estimate(text.bytes, table);
    found.push(likely / actual - 1);
    above += actual > upper ? 1 : 0;
    ratio += upper / actual;
  }
  const absolute = found.map(Math.abs).sort((one, other) => one - other);
  const length = found.length;
  return {
    length,
    mean: absolute.reduce((sum, error) => sum + error, 0) / length,
    p95: absolute[Math.ceil(0.95 * length) - 1],
    worst: absolute[length - 1],
    above: above / length,
    upper: ratio / length,
  };
}

export const percent = share => (share === undefined || Number.isNaN(share) ? '' : `${(share * 100).toFixed(1)} %`);
