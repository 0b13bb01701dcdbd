// The two columns of a family's table: what a feature likely costs, and what it costs at most.
import { features } from './features.mjs';
import { fit } from './fit.mjs';

// What a feature is taken to cost where no text tells: a token for what begins a run, part of one for what continues it.
const first = features.map(name => /(To4|To7|To8|To10|Beyond|More|Repeated|Capitals|Capital|HardConsonant|MarkStanding|^Space|^Indent|DigitAfterLetter)$/.test(name) ? 0.1
  : /^(OtherOfThree|Invalid)$/.test(name) ? 2 : name === 'OtherOfFour' ? 3 : /Letter$/.test(name) ? 0.6 : 0.8);
const pull = 0.002;
const safety = 1.12;

const thousandths = weights => weights.map(weight => Math.ceil(weight * 1000 - 1e-9));
const cost = (counts, weights) => counts.reduce((sum, count, feature) => sum + count * weights[feature], 0);

// Noise - letters and marks at random - is no text to be right about, but the upper bound is to hold for it; random letters of rare scripts have no part in either.
export function tableOf(all) {
  const rows = all.filter(row => row.sense !== 'none');
  const likely = fit(rows.filter(row => row.sense === 'all').map(row => ({ ...row, importance: 1 })), first, pull);

  // A text that comes out above its bound weighs more in the next round, until the bound holds for nearly all of them.
  let upper = likely;
  const importance = rows.map(() => 1);
  for (let round = 0; round < 12; round++) {
    upper = fit(rows.map((row, index) => ({ ...row, importance: importance[index] })), likely, pull, likely);
    rows.forEach((row, index) => {
      const share = cost(row.counts, upper) / row.target;
      importance[index] = share < safety ? Math.min(1e4, importance[index] * (share < 1 ? 3 : 1.7)) : Math.max(0.2, importance[index] * 0.85);
    });
  }
  return { likely: thousandths(likely), upper: thousandths(upper.map(weight => weight * safety)) };
}
