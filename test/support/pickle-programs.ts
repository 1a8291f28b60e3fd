/** A generator of pickle programs: mostly well formed, sometimes not, from a seed. */

/** Numbers from a seed (mulberry32). */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let t = this.#state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  }

  below(limit: number): number {
    return Math.floor(this.next() * limit);
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  pick<T>(items: readonly [T, ...T[]]): T {
    return items[this.below(items.length)] ?? items[0];
  }
}

const NAMES = [
  'os',
  'system',
  'builtins',
  'eval',
  'a',
  'b.c',
  'collections',
  'OrderedDict',
  '__builtin__',
  'ü',
  'x y',
  'Q',
] as const;

const le = (value: number, width: number): number[] =>
  Array.from({ length: width }, (_, i) => Math.floor(value / 256 ** i) % 256);
const ascii = (text: string): number[] => [...Buffer.from(text, 'utf8')];

class Builder {
  readonly bytes: number[] = [];
  readonly #random: Random;
  /** The state of a well-formed program: values above each mark, and memo entries. */
  #depths: number[] = [0];
  #memo = 0;

  constructor(random: Random) {
    this.#random = random;
  }

  get depth(): number {
    return this.#depths.at(-1) ?? 0;
  }

  #push(count = 1): void {
    this.#depths[this.#depths.length - 1] = Math.max(0, this.depth + count);
  }

  emit(...bytes: number[]): void {
    this.bytes.push(...bytes);
  }

  string(text: string): void {
    const utf8 = ascii(text);
    const r = this.#random;
    const form = r.below(8);
    if (form === 0)
      this.emit(
        0x56,
        ...ascii(
          text.replace(/[a-m]/g, (c) => (r.chance(0.5) ? c : `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`)),
        ),
        10,
      );
    else if (form === 1)
      this.emit(
        0x53,
        0x27,
        ...ascii(text.replace(/[a-m]/g, (c) => (r.chance(0.5) ? c : `\\x${c.charCodeAt(0).toString(16)}`))),
        0x27,
        10,
      );
    else if (form === 2) this.emit(0x55, utf8.length, ...utf8);
    else if (form === 3) this.emit(0x54, ...le(utf8.length, 4), ...utf8);
    else if (form === 4) this.emit(0x58, ...le(utf8.length, 4), ...utf8);
    else if (form === 5) this.emit(0x8d, ...le(utf8.length, 8), ...utf8);
    else this.emit(0x8c, utf8.length, ...utf8);
    this.#push();
  }

  memoize(): void {
    const r = this.#random;
    const form = r.below(5);
    if (form === 0) this.emit(0x71, this.#memo);
    else if (form === 1) this.emit(0x72, ...le(r.chance(0.1) ? r.below(100_000) : this.#memo, 4));
    else if (form === 2) this.emit(0x70, ...ascii(` ${this.#memo}`), 10);
    else this.emit(0x94);
    this.#memo = Math.min(255, this.#memo + 1);
  }

  fetch(): void {
    const r = this.#random;
    const index = r.below(Math.max(1, this.#memo + (r.chance(0.05) ? 3 : 0)));
    if (r.chance(0.2)) this.emit(0x67, ...ascii(String(index)), 10);
    else if (r.chance(0.3)) this.emit(0x6a, ...le(index, 4));
    else this.emit(0x68, index);
    this.#push();
  }

  constant(): void {
    const r = this.#random;
    const forms: readonly [() => void, ...(() => void)[]] = [
      () => this.emit(0x4e),
      () => this.emit(0x88),
      () => this.emit(0x4b, r.below(256)),
      () => this.emit(0x4d, r.below(256), r.below(256)),
      () => this.emit(0x4a, ...le(r.below(2 ** 32), 4)),
      () => this.emit(0x49, ...ascii(r.pick(['01', '00', '12', '-3'])), 10),
      () => this.emit(0x4c, ...ascii(r.pick(['1L', '99999999999999999999L', '-5'])), 10),
      () => this.emit(0x46, ...ascii(r.pick(['1.5', 'nan', '-1e9'])), 10),
      () => this.emit(0x47, 0x3f, 0xf0, 0, 0, 0, 0, 0, 0),
      () => this.emit(0x8a, 2, 255, 0),
      () => this.emit(0x43, 2, 0x80, 4),
      () => this.emit(0x42, 3, 0, 0, 0, 1, 2, 3),
      () => this.emit(0x5d),
      () => this.emit(0x7d),
      () => this.emit(0x29),
      () => this.emit(0x8f),
    ];
    r.pick(forms)();
    this.#push();
  }

  global(): void {
    const r = this.#random;
    if (r.chance(0.4)) {
      this.emit(0x63, ...ascii(r.pick(NAMES)), 10, ...ascii(r.pick(NAMES)), 10);
      this.#push();
      return;
    }
    this.string(r.pick(NAMES));
    if (r.chance(0.3)) this.memoize();
    if (r.chance(0.1)) {
      this.emit(0x32);
      if (r.chance(0.5)) this.emit(0x30);
      else this.#push();
    }
    if (r.chance(0.3) && this.#memo > 0) this.fetch();
    else this.string(r.pick(NAMES));
    if (r.chance(0.3)) this.memoize();
    this.emit(0x93);
    this.#push(-1);
  }

  mark(): void {
    this.emit(0x28);
    this.#depths.push(0);
  }

  /** An opcode that takes every value down to the mark. */
  gather(): void {
    const r = this.#random;
    if (this.#depths.length < 2) {
      this.mark();
      return;
    }
    const code = r.pick([0x74, 0x6c, 0x64, 0x91, 0x31, 0x65, 0x75, 0x90, 0x6f, 0x69]);
    if (code === 0x69) this.emit(code, ...ascii(r.pick(NAMES)), 10, ...ascii(r.pick(NAMES)), 10);
    else this.emit(code);
    this.#depths.pop();
    if (![0x31, 0x65, 0x75, 0x90].includes(code)) this.#push();
  }

  combine(): void {
    const r = this.#random;
    const code = r.pick([0x85, 0x86, 0x87, 0x52, 0x81, 0x92, 0x62, 0x61, 0x73, 0x30, 0x32, 0x51, 0x98]);
    const takes: Readonly<Record<number, number>> = {
      134: 1,
      135: 2,
      82: 1,
      129: 1,
      146: 2,
      98: 1,
      97: 1,
      115: 2,
      48: 1,
      50: -1,
    };
    if (this.depth < 3 && r.chance(0.9)) {
      this.constant();
      return;
    }
    if ((code === 0x52 || code === 0x81) && r.chance(0.8)) {
      this.global();
      this.emit(0x29);
      this.#push();
    }
    this.emit(code);
    this.#push(-(takes[code] ?? 0));
  }

  frame(): void {
    const r = this.#random;
    this.emit(0x95, ...le(r.chance(0.9) ? r.below(60) : r.below(2 ** 31), 8));
  }
}

/** One program of up to `length` opcodes. */
export function randomProgram(seed: number): Uint8Array {
  const random = new Random(seed);
  const builder = new Builder(random);
  if (random.chance(0.8)) builder.emit(0x80, random.below(random.chance(0.95) ? 6 : 8));
  const count = 3 + random.below(40);
  for (let i = 0; i < count; i++) {
    const roll = random.next();
    if (roll < 0.22) builder.global();
    else if (roll < 0.4) builder.constant();
    else if (roll < 0.5) builder.string(random.pick(NAMES));
    else if (roll < 0.58) builder.memoize();
    else if (roll < 0.66) builder.fetch();
    else if (roll < 0.73) builder.mark();
    else if (roll < 0.83) builder.gather();
    else if (roll < 0.96) builder.combine();
    else if (roll < 0.98) builder.frame();
    else builder.emit(0x50, 0x69, 0x64, 10);
  }
  if (random.chance(0.9)) builder.emit(0x2e);
  return mutate(Uint8Array.from(builder.bytes), random);
}

/** Leaves two thirds unchanged; the others get bytes changed, removed, doubled or truncated. */
export function mutate(program: Uint8Array, random: Random): Uint8Array {
  let bytes = [...program];
  for (let round = random.chance(0.66) ? 0 : 1 + random.below(3); round > 0 && bytes.length > 2; round--) {
    const at = random.below(bytes.length);
    const roll = random.below(5);
    if (roll === 0) bytes[at] = random.below(256);
    else if (roll === 1) bytes.splice(at, 1 + random.below(3));
    else if (roll === 2) bytes.splice(at, 0, ...bytes.slice(at, at + random.below(12)));
    else if (roll === 3) bytes = bytes.slice(0, at + 1);
    else bytes.splice(at, 0, random.pick([0x93, 0x52, 0x2e, 0x28, 0x95, 0x94, 0x68, 0x63]));
  }
  return Uint8Array.from(bytes);
}
