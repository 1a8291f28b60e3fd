import { describe, expect, it } from 'vitest';
import { ggufScanner } from '../../../src/scan/models/gguf.ts';
import { scanBytes } from '../../support/scan-bytes.ts';

interface Tensor {
  readonly name?: string;
  readonly dims?: readonly (number | bigint)[];
  readonly type?: number;
  readonly offset?: number | bigint;
}

interface Parts {
  readonly version?: number;
  readonly pairs?: readonly Uint8Array[];
  readonly tensors?: readonly Tensor[];
  readonly data?: Uint8Array;
  readonly padding?: number;
  readonly alignment?: number;
}

const u32 = (value: number) => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
};
const u64 = (value: number | bigint) => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt.asUintN(64, BigInt(value)));
  return bytes;
};
const text = (value: string) => Buffer.concat([u64(Buffer.byteLength(value)), Buffer.from(value)]);
const textPair = (key: string, value: string) => Buffer.concat([text(key), u32(8), text(value)]);
const numberPair = (key: string, value: number) => Buffer.concat([text(key), u32(4), u32(value)]);

/** A file of 32 floats, and what it says otherwise. */
function gguf({
  version = 3,
  pairs = [],
  tensors = [{}],
  data = new Uint8Array(128),
  padding = 0,
  alignment = 32,
}: Parts = {}) {
  const described = tensors.map(({ name = 'w', dims = [32], type = 0, offset = 0 }) =>
    Buffer.concat([text(name), u32(dims.length), ...dims.map(u64), u32(type), u64(offset)]),
  );
  const head = Buffer.concat([
    Buffer.from('GGUF'),
    u32(version),
    u64(tensors.length),
    u64(pairs.length),
    ...pairs,
    ...described,
  ]);
  const rest = Buffer.alloc((alignment - (head.length % alignment)) % alignment, padding);
  return Buffer.concat([head, rest, data]);
}

async function scan(bytes: Uint8Array) {
  const { verdict, context } = await scanBytes(bytes, 'm.gguf', [ggufScanner]);
  return { verdict, rules: [...new Set(context.ruleIds())], reasons: context.reasons };
}

describe('a GGUF file', () => {
  it.each<[string, Parts]>([
    ['of one tensor', {}],
    ['of no tensor', { tensors: [], data: new Uint8Array(0) }],
    ['of two tensors', { tensors: [{}, { name: 'v', offset: 128 }], data: new Uint8Array(256) }],
    ['with its own alignment', { pairs: [numberPair('general.alignment', 64)], alignment: 64 }],
    ['of blocks of four rows', { tensors: [{ type: 31 }], data: new Uint8Array(32) }],
    [
      'with a template',
      { pairs: [textPair('tokenizer.chat_template', '{% for m in messages %}{{ m.content }}{% endfor %}')] },
    ],
    [
      'in several files',
      { pairs: [Buffer.concat([text('split.no'), u32(2), Buffer.from([0, 0])]), numberPair('split.count', 2)] },
    ],
  ])('%s is clean', async (_, parts) => {
    expect(await scan(gguf(parts))).toEqual({ verdict: 'clean', rules: [], reasons: [] });
  });

  it.each<[string, Parts, string]>([
    ['with two tensors of one name', { tensors: [{}, { offset: 128 }], data: new Uint8Array(256) }, 'gguf.structure'],
    ['with five dimensions', { tensors: [{ dims: [32, 1, 1, 1, 1] }] }, 'gguf.structure'],
    ['with a key that has a byte 0', { pairs: [textPair('general.alignment\0x', 'x')] }, 'gguf.structure'],
    ['with an alignment that is text', { pairs: [textPair('general.alignment', '64')] }, 'gguf.structure'],
    ['with the same key twice', { pairs: [textPair('a', 'x'), textPair('a', 'y')] }, 'gguf.structure'],
    ['whose dimensions overflow', { tensors: [{ dims: [2n ** 33n, 2n ** 33n] }] }, 'gguf.structure'],
    ['whose size is 0 modulo 2^64', { tensors: [{ dims: [2n ** 62n, 4] }] }, 'gguf.structure'],
    ['with padding that is not zeros', { padding: 0x90 }, 'gguf.layout'],
    ['with a tensor beyond its end', { tensors: [{ offset: 2 ** 20 }] }, 'gguf.layout'],
    ['with an offset of 64 bits', { tensors: [{ offset: 2n ** 64n - 32n }] }, 'gguf.structure'],
    [
      'with tensors that overlap',
      { tensors: [{}, { name: 'v', offset: 64 }], data: new Uint8Array(256) },
      'gguf.layout',
    ],
    ['with a gap', { tensors: [{ offset: 64 }], data: new Uint8Array(192) }, 'gguf.layout'],
    ['with a tensor that is not aligned', { tensors: [{ offset: 4 }], data: new Uint8Array(160) }, 'gguf.layout'],
    [
      'with bytes behind it',
      { data: Buffer.concat([new Uint8Array(128), Buffer.from('PK\x03\x04')]) },
      'gguf.trailing-bytes',
    ],
    [
      'with a hostile named template',
      { pairs: [textPair('tokenizer.chat_template.tool_use', '{{ x.__class__ }}')] },
      'template.reaches-objects',
    ],
    [
      'with a template behind a byte 0',
      { pairs: [textPair('tokenizer.chat_template\0', '{{ x.__class__ }}')] },
      'gguf.structure',
    ],
  ])('%s is odd or worse', async (_, parts, rule) => {
    const { verdict, rules } = await scan(gguf(parts));
    expect(rules).toContain(rule);
    expect(['suspicious', 'malicious']).toContain(verdict);
  });

  it.each<[string, Parts, RegExp]>([
    ['of another byte order', { version: 0x03000000 }, /big-endian/],
    ['of a later version', { version: 4 }, /version 4/],
    ['of an unknown type', { tensors: [{ type: 200 }] }, /ggml type 200/],
  ])('%s is unknown', async (_, parts, why) => {
    const { verdict, reasons } = await scan(gguf(parts));
    expect(verdict).toBe('unknown');
    expect(reasons.join()).toMatch(why);
  });

  it('whose template is not text is not assessed', async () => {
    const list = Buffer.concat([text('tokenizer.chat_template'), u32(9), u32(8), u64(1), text('{{ x }}')]);
    expect((await scan(gguf({ pairs: [list] }))).verdict).toBe('not-assessed');
  });
});
