// The same numbers in every run.
export class Seeded {
  constructor(seed) { this.state = hash(String(seed)); }
  next() {
    this.state = (this.state + 0x6D2B79F5) | 0;
    let mixed = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  }
  below(end) { return Math.floor(this.next() * end); }
  between(first, last) { return first + this.below(last - first + 1); }
  of(list) { return list[this.below(list.length)]; }
}

export function hash(text) {
  let sum = 2166136261;
  for (const byte of new TextEncoder().encode(text)) sum = Math.imul(sum ^ byte, 16777619);
  sum = Math.imul(sum ^ (sum >>> 16), 0x85EBCA6B);
  return (sum ^ (sum >>> 13)) >>> 0;
}
