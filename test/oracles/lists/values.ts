import type { Random } from '../../support/pickle-programs.ts';
import type { Corpus } from './corpus.ts';
import { call, copyOf, dict, instance, int, leaf, list, type Made, makerOf, type Node, name, tuple } from './tree.ts';

const INTEGERS: readonly [bigint, ...bigint[]] = [
  ...([0n, 1n, -1n, 2n, 3n, 7n, 64n, 255n, 256n, 624n, 625n, 65_537n, 10n ** 6n, 10n ** 9n] as const),
  ...[31, 32, 63, 64].flatMap((bits) => [2n ** BigInt(bits) - 1n, 2n ** BigInt(bits), -(2n ** BigInt(bits))]),
  10n ** 30n,
];
const FLOATS: readonly [number, ...number[]] = [0, 1.5, -0, -1, NaN, Infinity, -Infinity, 1e308, 5e-324, 2 ** 53];
const TEXTS: readonly [string, ...string[]] = [
  ...([
    '',
    'a',
    'x',
    'é',
    'os',
    'system',
    'f8',
    'O',
    'torch.float32',
    'cpu',
    'utf-8',
    'C',
    '2020-01-01',
    'UTC',
  ] as const),
  ...['/etc/passwd', '../a', 'http://localhost/', '{0.__class__}', '%s%s%n', 'a\0b', 'lambda: 0', 'MT19937', 'state'],
  ...[
    '__class__',
    '__dict__',
    '__setstate__',
    '__reduce__',
    '__call__',
    '__getattr__',
    '__init__',
    '__del__',
    '__doc__',
  ],
  ...['__len__', '__iter__', '__hash__', '__eq__', '__array__', '__array_interface__', '__wrapped__', '_private'],
  'x'.repeat(5000),
];
/** Names that other entries sometimes get: each entry decides which it accepts. */
const TOOLS = [
  'functools:partial',
  'collections:defaultdict',
  'builtins:getattr',
  'builtins:list',
  'builtins:object',
  'builtins:set',
];

/** Values of every kind, most of them unusual. */
export class Values {
  readonly #random: Random;
  readonly #corpus: Corpus;
  readonly #names: readonly [string, ...string[]];
  readonly #donors: readonly [readonly Made[], ...(readonly Made[])[]];

  constructor(random: Random, corpus: Corpus, names: readonly [string, ...string[]]) {
    this.#random = random;
    this.#corpus = corpus;
    this.#names = names;
    const [first = [], ...rest] = corpus.made.values();
    this.#donors = [first, ...rest];
  }

  scalar(): Node {
    const random = this.#random;
    switch (random.below(7)) {
      case 0:
        return leaf(null);
      case 1:
        return leaf(random.chance(0.5));
      case 2:
      case 3:
        return leaf(random.pick(INTEGERS));
      case 4:
        return leaf(random.pick(FLOATS));
      case 5:
        return leaf(random.pick(TEXTS));
      default:
        return { ...leaf(this.bytes(random.below(20))), ...(random.chance(0.2) ? { mutable: true } : {}) };
    }
  }

  bytes(length: number): Uint8Array {
    const fill = this.#random.below(4);
    return Uint8Array.from({ length }, () => (fill === 0 ? 0 : fill === 1 ? 255 : this.#random.below(256)));
  }

  any(depth = 3): Node {
    const random = this.#random;
    if (depth <= 0) return this.scalar();
    switch (random.below(16)) {
      case 0:
        return tuple(...this.#some(depth));
      case 1:
        return list(...this.#some(depth));
      case 2:
      case 3:
        return this.#dict(depth);
      case 4:
        return { kind: random.chance(0.5) ? 'set' : 'frozenset', items: this.#some(1) };
      case 5:
        return this.array(depth);
      case 6:
        return this.#ring(depth);
      case 7:
        return this.#deep();
      case 8:
      case 9:
        return this.sample();
      case 10:
        return copyOf(random.pick(this.#corpus.states));
      case 11:
        return random.chance(0.5) ? name(random.pick(this.#names)) : this.#tool(depth);
      default:
        return this.scalar();
    }
  }

  /** A value from a real file. */
  sample(): Node {
    const donors = this.#random.pick(this.#donors);
    const found = donors[this.#random.below(donors.length)];
    return found === undefined ? this.scalar() : copyOf(found);
  }

  /** A value that this creator has in a real file. */
  sampleOf(maker: string): Made | undefined {
    const donors = this.#corpus.made.get(maker) ?? [];
    const found = donors[this.#random.below(donors.length)];
    const copy = found === undefined ? undefined : copyOf(found);
    return copy?.kind === 'made' ? copy : undefined;
  }

  #some(depth: number): Node[] {
    return Array.from({ length: this.#random.below(5) }, () => this.any(depth - 1));
  }

  #dict(depth: number): Node {
    const items = this.#some(depth).flatMap((value) => [
      this.#random.chance(0.8) ? leaf(this.#key()) : this.scalar(),
      value,
    ]);
    return dict(...items);
  }

  #key(): string {
    return this.#random.pick(TEXTS);
  }

  #ring(depth: number): Node {
    const ring = this.#random.chance(0.5) ? list(...this.#some(depth)) : dict(leaf('self'), leaf(null));
    ring.items[Math.max(0, ring.items.length - 1)] = ring;
    return ring;
  }

  #deep(): Node {
    let inner: Node = this.scalar();
    const tuples = this.#random.chance(0.5);
    for (let left = this.#random.below(400); left > 0; left--) inner = tuples ? tuple(inner) : list(inner);
    return inner;
  }

  #tool(depth: number): Node {
    const random = this.#random;
    const tool = TOOLS[random.below(TOOLS.length)] ?? 'builtins:list';
    const first = random.chance(0.7) ? name(random.pick(this.#names)) : this.any(depth - 1);
    if (random.chance(0.3)) return instance(name(tool), tuple(first, tuple(), dict(), leaf(null)));
    return tool.endsWith('getattr') ? call(name(tool), first, leaf(this.#key())) : call(name(tool), first);
  }

  /** An array with as many bytes as its type and shape need, with unexpected numbers. */
  array(depth: number): Node {
    const random = this.#random;
    const shape = Array.from({ length: random.below(4) }, () => random.pick([0, 1, 1, 2, 3, 5, 8]));
    const code = random.pick([
      'f8',
      'f4',
      'i8',
      'i4',
      'i2',
      'u1',
      'u8',
      'b1',
      'c16',
      'S3',
      'U2',
      'M8',
      'O8',
      'V4',
    ] as const);
    return this.arrayOf(code, shape, depth);
  }

  arrayOf(code: string, shape: readonly number[], depth: number): Node {
    const count = shape.reduce((product, size) => product * size, 1);
    const objects = code.startsWith('O');
    const content = objects
      ? list(...Array.from({ length: count }, () => this.any(depth - 2)))
      : leaf(this.numbers(code, count));
    const made = call(
      name('numpy.core.multiarray:_reconstruct'),
      name('numpy:ndarray'),
      tuple(int(0)),
      leaf(Uint8Array.of(98)),
    );
    const state = tuple(
      int(1),
      tuple(...shape.map((size) => int(size))),
      dtypeOf(code),
      leaf(this.#random.chance(0.2)),
      content,
    );
    made.steps.push({ does: 'build', items: [state] });
    return made;
  }

  /** Elements: mostly small numbers and the limits of the range, which are invalid as indexes and counts. */
  numbers(code: string, count: number): Uint8Array {
    const random = this.#random;
    const size = Number(code.replace(/\D/g, '')) * (code.startsWith('U') ? 4 : 1);
    const bytes = Buffer.alloc(size * count);
    for (let i = 0; i < count; i++) {
      const one = bytes.subarray(i * size, (i + 1) * size);
      const kind = random.below(6);
      if (code === 'b1') one[0] = random.below(2);
      else if (kind === 0) one.fill(255);
      else if (kind === 1) one.set(this.bytes(size));
      else if (kind === 2) one[size - 1] = 127;
      else if (kind === 3 && size === 8) one.writeBigInt64LE(BigInt.asIntN(64, random.pick(INTEGERS)));
      else if (kind === 4 && code.startsWith('f')) size === 8 ? one.writeDoubleLE(random.pick(FLOATS)) : one.fill(127);
      else one[0] = random.below(4);
    }
    return bytes;
  }
}

const FLAGS: Readonly<Record<string, number>> = { O: 63, U: 8 };

/** A dtype, as NumPy 1 writes it. */
export function dtypeOf(code: string): Node {
  const letter = code.charAt(0);
  const made = call(name('numpy:dtype'), leaf(letter === 'b' ? 'b1' : code), leaf(false), leaf(true));
  const order = leaf(/[fiucUM]/.test(letter) && code !== 'u1' ? '<' : '|');
  const sized = /[SUV]/.test(letter);
  const bytes = Number(code.slice(1)) * (letter === 'U' ? 4 : 1);
  const state = [
    int(letter === 'M' ? 4 : 3),
    order,
    leaf(null),
    leaf(null),
    leaf(null),
    int(sized ? bytes : -1),
    int(sized ? (letter === 'U' ? 4 : 1) : -1),
    int(FLAGS[letter] ?? 0),
  ];
  if (letter === 'M') state.push(tuple(dict(), tuple(leaf('ns'), int(1), int(1), int(1))) as never);
  made.steps.push({ does: 'build', items: [tuple(...state)] });
  return made;
}

export function isArray(node: Node): node is Made {
  return /^numpy\._?core\.multiarray:_reconstruct$/.test(makerOf(node) ?? '');
}
