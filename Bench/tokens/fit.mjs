// Least squares with weights that are never negative, by coordinate descent on the normal equations.
// A row counts by its relative error; a little pull towards a first guess keeps weights that few texts speak of in reason.
export function fit(rows, first, pull, least = first.map(() => 0)) {
  const size = first.length;
  const normal = Array.from({ length: size }, () => new Float64Array(size));
  const right = new Float64Array(size);
  for (const { counts, target, importance } of rows) {
    const scale = importance / (target * target);
    for (let one = 0; one < size; one++) {
      if (counts[one] === 0) continue;
      const scaled = counts[one] * scale;
      right[one] += scaled * target;
      for (let other = 0; other < size; other++) normal[one][other] += scaled * counts[other];
    }
  }
  for (let one = 0; one < size; one++) {
    normal[one][one] += pull;
    right[one] += pull * first[one];
  }
  const weights = first.slice();
  for (let round = 0; round < 3000; round++) {
    let moved = 0;
    for (let one = 0; one < size; one++) {
      let rest = right[one];
      for (let other = 0; other < size; other++) if (other !== one) rest -= normal[one][other] * weights[other];
      const next = Math.max(least[one], rest / normal[one][one]);
      moved = Math.max(moved, Math.abs(next - weights[one]));
      weights[one] = next;
    }
    if (moved < 1e-7) break;
  }
  return weights;
}
