// Tells what a run of the tests left: each reason to skip with its tests, each failed test with its message and trace.
// Usage: node eng/outcomes.mjs REPORT (in the Common Test Report Format, as the runner writes it).
import { readFileSync } from 'node:fs';

const { tests } = JSON.parse(readFileSync(process.argv[2], 'utf8')).results;
const longest = 60;
const indented = text => (text ?? '').trimEnd().split('\n').slice(0, longest).map(line => `    ${line}`).join('\n');

const reasons = new Map();
for (const test of tests.filter(test => test.status === 'skipped')) {
  const reason = test.message ?? 'no reason given';
  reasons.set(reason, [...(reasons.get(reason) ?? []), test.name]);
}
for (const [reason, names] of reasons) {
  console.log(`\nskipped ${names.length}: ${reason}\n${indented(names.join('\n'))}`);
}

for (const test of tests.filter(test => !['passed', 'skipped'].includes(test.status))) {
  console.log(`\n${test.status}: ${test.name}\n${indented(test.message)}\n${indented(test.trace)}`);
}
