import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FileBudget } from '../../../src/core/budget.ts';
import { MemorySource } from '../../../src/core/bytes/byte-source.ts';
import { isContentError } from '../../../src/core/errors.ts';
import { DEFAULT_LIMITS } from '../../../src/core/limits.ts';
import { newTorch7Facts, readTorch7 } from '../../../src/formats/torch7/index.ts';
import { SCANNERS } from '../../../src/scan/scanners.ts';
import { scanBytes } from '../../support/scan-bytes.ts';

/** Values as `File:writeObject` writes them (torch/torch7, File.lua), in both modes of `torch.save`. */
type Write = (out: Out) => void;

class Out {
  readonly parts: Buffer[] = [];
  readonly isText: boolean;
  #index = 0;

  constructor(isText: boolean) {
    this.isText = isText;
  }

  int(value: number): void {
    const bytes = Buffer.alloc(4);
    bytes.writeInt32LE(value);
    this.parts.push(this.isText ? Buffer.from(`${value}\n`) : bytes);
  }

  longs(...values: readonly number[]): void {
    if (this.isText) this.parts.push(Buffer.from(`${values.join(' ')}\n`));
    else
      for (const value of values) {
        const bytes = Buffer.alloc(8);
        bytes.writeBigInt64LE(BigInt(value));
        this.parts.push(bytes);
      }
  }

  text(value: string): void {
    this.int(value.length);
    this.parts.push(Buffer.from(this.isText ? `${value}\n` : value, 'latin1'));
  }

  floats(values: readonly number[]): void {
    this.parts.push(this.isText ? Buffer.from(`${values.join(' ')}\n`) : Buffer.from(Float32Array.from(values).buffer));
  }

  number(value: number): void {
    this.parts.push(this.isText ? Buffer.from(`${value}\n`) : Buffer.from(Float64Array.of(value).buffer));
  }

  next(): number {
    return ++this.#index;
  }
}

const nil: Write = (out) => out.int(0);
const truth: Write = (out) => {
  out.int(5);
  out.int(1);
};
const number =
  (value: number): Write =>
  (out) => {
    out.int(1);
    out.number(value);
  };
const text =
  (value: string): Write =>
  (out) => {
    out.int(2);
    out.text(value);
  };
const table =
  (...entries: readonly (readonly [Write, Write])[]): Write =>
  (out) => {
    out.int(3);
    out.int(out.next());
    out.int(entries.length);
    for (const entry of entries) for (const write of entry) write(out);
  };
const object =
  (name: string, content: Write, version = 'V 1'): Write =>
  (out) => {
    out.int(4);
    out.int(out.next());
    if (version !== '') out.text(version);
    out.text(name);
    content(out);
  };
const storage = (values: readonly number[], name = 'torch.FloatStorage', size = values.length): Write =>
  object(name, (out) => {
    out.longs(size);
    out.floats(values);
  });
const tensor = (
  sizes: readonly number[],
  strides: readonly number[],
  offset: number,
  of: Write,
  name = 'torch.FloatTensor',
): Write =>
  object(name, (out) => {
    out.int(sizes.length);
    out.longs(...sizes);
    out.longs(...strides);
    out.longs(offset);
    of(out);
  });
const lua =
  (type: 6 | 7 | 8): Write =>
  (out) => {
    out.int(type);
    if (type !== 6) out.int(out.next());
    out.text(`\x1bLJ\x01${'x'.repeat(20)}`);
    table()(out);
  };
const weights = tensor([2, 2], [2, 1], 1, storage([1, 2, 3, 4]));
const model = object(
  'nn.Sequential',
  table(
    [text('modules'), table([number(1), object('nn.Linear', table([text('weight'), weights]))])],
    [text('train'), truth],
    [text('n'), nil],
  ),
);

function written(write: Write, isText = false): Uint8Array {
  const out = new Out(isText);
  write(out);
  return Buffer.concat(out.parts);
}

async function scan(bytes: Uint8Array) {
  const { verdict, context, format } = await scanBytes(bytes, 'm.t7', SCANNERS);
  return { verdict, rules: [...new Set(context.ruleIds())], format: format.id };
}

describe.each([
  [false, 'torch7'],
  [true, 'torch7-ascii'],
])('a Torch7 object (as text: %s)', (isText, format) => {
  it.each([
    ['a tensor', weights],
    ['a model of nn', model],
    ['a tensor of no elements', tensor([0], [1], 1, nil)],
    ['a transposed tensor', tensor([2, 2], [1, 2], 1, storage([1, 2, 3, 4]))],
    ['an expanded tensor', tensor([9], [0], 1, storage([1]))],
    ['a class of before versions', object('nn.Identity', table(), '')],
  ])('of %s is clean', async (name, write) => {
    // As text, only objects with a version are recognised.
    if (isText && name.includes('before versions'))
      return expect((await scan(written(write, true))).verdict).not.toBe('malicious');
    const inTable = name.includes('before versions') ? table([text('m'), write]) : write;
    expect(await scan(written(inTable, isText))).toMatchObject({ verdict: 'clean', rules: [], format });
  });

  it.each([6, 7, 8] as const)('with a function of type %i is malicious', async (type) => {
    const found = await scan(written(object('nn.Sequential', table([text('f'), lua(type)])), isText));
    expect(found).toMatchObject({ verdict: 'malicious', rules: ['torch7.function'] });
  });

  it.each([
    ['a tensor that is longer than its storage', tensor([5], [1], 1, storage([1, 2, 3, 4])), 'torch7.structure'],
    [
      'a tensor whose strides leave its storage',
      tensor([2, 2], [100, 1], 1, storage([1, 2, 3, 4])),
      'torch7.structure',
    ],
    ['a tensor with a negative stride', tensor([4], [-1], 1, storage([1, 2, 3, 4])), 'torch7.structure'],
    ['a tensor before its storage', tensor([1], [1], 0, storage([1])), 'torch7.structure'],
    ['a tensor without a storage', tensor([2], [1], 1, nil), 'torch7.structure'],
    [
      'a tensor over a storage of another type',
      tensor([1], [1], 1, storage([1]), 'torch.DoubleTensor'),
      'torch7.structure',
    ],
    ['a tensor over a table', tensor([1], [1], 1, table()), 'torch7.structure'],
    ['a storage that is larger than the file', storage([1], 'torch.FloatStorage', 1_000_000), 'torch7.structure'],
    ['a storage of a negative size', storage([], 'torch.FloatStorage', -1), 'torch7.structure'],
    ['a class of another library', object('tds.Hash', table()), 'torch7.unlisted-class'],
    ['a class of nn that does not exist', object('nn.Exec', table()), 'torch7.unlisted-class'],
  ])('with %s is suspicious', async (_, write, rule) => {
    const found = await scan(written(write, isText));
    expect(found.rules).toContain(rule);
    expect(found.verdict).toBe('suspicious');
  });

  it('with bytes behind it is not clean', async () => {
    expect((await scan(Buffer.concat([written(weights, isText), Buffer.from('rest')]))).verdict).not.toBe('clean');
  });

  it('gives an error of the content or reads to the end, whatever bytes are changed', async () => {
    const bytes = written(model, isText);
    await fc.assert(
      fc.asyncProperty(fc.nat(bytes.length - 1), fc.nat(255), fc.nat(bytes.length - 1), async (at, byte, end) => {
        const changed = Uint8Array.from(bytes);
        changed[at] = byte;
        for (const one of [changed, bytes.subarray(0, end)]) {
          const budget = new FileBudget(DEFAULT_LIMITS, one.length);
          const read = readTorch7(new MemorySource(one, 'm.t7'), isText, newTorch7Facts(), budget);
          const outcome = await read.catch((error: unknown) => {
            expect(isContentError(error), String(error)).toBe(true);
            return -1;
          });
          expect(budget.held).toBe(0);
          if (one !== changed && end < bytes.length - 1) expect(outcome).toBe(-1);
        }
      }),
      { numRuns: 300 },
    );
  });
});

it.each([
  ['a table with a name as its first key', table([text('f'), lua(8)])],
  ['a list', table([number(1), lua(8)])],
  ['a function alone', lua(8)],
  ['a function without an index', lua(6)],
])('Lua code in a file of text is found in %s', async (_, write) => {
  expect(await scan(written(write, true))).toMatchObject({ verdict: 'malicious', format: 'torch7-ascii' });
});

it('a list of numbers or of words is not a Torch7 object', async () => {
  for (const words of ['3\n1\n4\n1\n5\n9\n2\n6\n', '7\n8\n9\na\nb\n', '8\n10\n12\n', '4\n1\n3\n2\n'])
    expect((await scan(Buffer.from(words))).format).toBe('text');
});
