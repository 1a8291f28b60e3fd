import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { MemorySource } from '../../src/core/bytes/byte-source.ts';
import { type GgufHeader, readGguf } from '../../src/formats/gguf.ts';

const U32 = 4;
const STRING = 8;
const ARRAY = 9;

/** Builds a GGUF version 3 file. */
class Packer {
  readonly #parts: Buffer[] = [];

  u32(value: number): this {
    const part = Buffer.alloc(4);
    part.writeUInt32LE(value);
    this.#parts.push(part);
    return this;
  }

  u64(value: bigint | number): this {
    const part = Buffer.alloc(8);
    part.writeBigUInt64LE(BigInt(value));
    this.#parts.push(part);
    return this;
  }

  text(value: string): this {
    this.u64(Buffer.byteLength(value));
    this.#parts.push(Buffer.from(value));
    return this;
  }

  head(tensors: number, pairs: number, version = 3): this {
    this.#parts.push(Buffer.from('GGUF'));
    return this.u32(version).u64(tensors).u64(pairs);
  }

  bytes(): Uint8Array {
    return Buffer.concat(this.#parts);
  }
}

function read(bytes: Uint8Array): Promise<GgufHeader> {
  return readGguf(new MemorySource(bytes, 'm.gguf'), (key) => key.includes('template'), 64);
}

describe('readGguf', () => {
  it('reads a file of the gguf library', async () => {
    const header = await read(readFileSync('fixtures/formats/template.gguf'));
    expect(header.version).toBe(3);
    expect(header.keys).toContain('tokenizer.ggml.tokens');
    expect(header.texts.map(({ key, text }) => [key, text])).toEqual([
      ['tokenizer.chat_template', "{% for m in messages %}{{ m['content'] }}{% endfor %}"],
    ]);
    expect(header.tensors.map(({ name, bytes }) => [name, bytes])).toEqual([
      ['blk.0.attn_q.weight', 4 * 32 * 4],
      ['blk.0.q8', (2 * 64 * 34) / 32],
    ]);
  });

  it.each([
    ['a later version', new Packer().head(0, 0, 4), 'unsupported'],
    ['big-endian', new Packer().head(0, 0, 0x03000000), 'unsupported'],
    ['more pairs than bytes', new Packer().head(0, 1_000).text('a').u32(U32).u32(1), 'malformed'],
    [
      'a length beyond the file',
      new Packer()
        .head(0, 1)
        .u64(2n ** 40n)
        .u64(0),
      'malformed',
    ],
    [
      'a length of 63 bits',
      new Packer()
        .head(0, 1)
        .u64(2n ** 63n - 1n)
        .u64(0),
      'malformed',
    ],
    ['an invalid type', new Packer().head(0, 1).text('a').u32(77).u64(0), 'malformed'],
    ['a repeated key', new Packer().head(0, 2).text('a').u32(U32).u32(1).text('a').u32(U32).u32(1), 'malformed'],
    [
      'an array longer than the file',
      new Packer().head(0, 1).text('a').u32(ARRAY).u32(U32).u64(1_000).u64(0),
      'malformed',
    ],
    [
      'an array of a million arrays',
      new Packer().head(0, 1).text('a').u32(ARRAY).u32(ARRAY).u64(1_000_000).u64(0),
      'malformed',
    ],
    ['an alignment of 3', new Packer().head(0, 1).text('general.alignment').u32(U32).u32(3), 'malformed'],
    ['nine dimensions', new Packer().head(1, 0).text('w').u32(9).u64(1).u64(1).u64(1), 'malformed'],
    [
      'a tensor of 2^100 elements',
      new Packer()
        .head(1, 0)
        .text('w')
        .u32(2)
        .u64(2 ** 50)
        .u64(2 ** 50)
        .u32(0)
        .u64(0),
      'malformed',
    ],
    ['an unknown tensor type', new Packer().head(1, 0).text('w').u32(1).u64(32).u32(999).u64(0), 'unsupported'],
    ['rows that fill no whole block', new Packer().head(1, 0).text('w').u32(1).u64(31).u32(8).u64(0), 'malformed'],
    ['a truncated value', new Packer().head(0, 1).text('some.key').u32(STRING).u32(0), 'truncated'],
  ])('refuses %s', async (_what, packer, code) => {
    await expect(read(packer.bytes())).rejects.toMatchObject({ name: 'AssayError', code });
  });

  it('limits the nesting of arrays', async () => {
    const packer = new Packer().head(0, 1).text('a').u32(ARRAY);
    for (let i = 0; i < 20; i++) packer.u32(ARRAY).u64(1);
    await expect(read(packer.u64(0).u64(0).bytes())).rejects.toMatchObject({ code: 'limit' });
  });
});
