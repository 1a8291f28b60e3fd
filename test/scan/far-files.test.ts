import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type ByteSource, checkRange } from '../../src/core/bytes/byte-source.ts';
import { identifyFormat, probeOf, UNKNOWN } from '../../src/formats/identify.ts';
import { ANY_LOADER } from '../../src/formats/pickle/loaders.ts';
import { SCANNERS } from '../../src/scan/scanners.ts';
import { fakeContext } from '../support/scan-context.ts';

/** A file of which only the start is stored; it counts fetches and answers asynchronously. */
class FarSource implements ByteSource {
  readonly name = 'far';
  readonly size: number;
  fetched = 0;
  readonly #start: Uint8Array;

  constructor(start: Uint8Array, size: number) {
    this.#start = start;
    this.size = size;
  }

  readNow(): undefined {
    return undefined;
  }

  async read(offset: number, length: number): Promise<Uint8Array> {
    checkRange(this, offset, length);
    this.fetched += length;
    const bytes = new Uint8Array(length);
    bytes.set(this.#start.subarray(offset, offset + length));
    return bytes;
  }

  async unchanged(): Promise<boolean> {
    return true;
  }

  async close(): Promise<void> {}
}

const GiB = 1024 ** 3;

function safetensors(): Uint8Array {
  const json = Buffer.from(`{"w":{"dtype":"F32","shape":[${GiB / 4}],"data_offsets":[0,${GiB}]}}`);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  return Buffer.concat([length, json]);
}

async function scanFar(source: FarSource): Promise<{ verdict: string; fetched: number }> {
  const format = identifyFormat(await probeOf(source)) ?? UNKNOWN;
  const context = fakeContext();
  for (const scanner of SCANNERS.filter(({ formats }) => formats.includes(format.id))) {
    await scanner.scanFile(
      { source, format, file: 'weights', depth: 0, loaders: ANY_LOADER, distance: 'far' },
      context,
    );
  }
  return { verdict: context.verdict(source.size), fetched: source.fetched };
}

describe('a far file', () => {
  it('of a GiB of safetensors needs only its header fetched', async () => {
    const start = safetensors();
    const { verdict, fetched } = await scanFar(new FarSource(start, start.length + GiB));
    expect(verdict).toBe('clean');
    expect(fetched).toBeLessThan(8 * 1024);
  });

  it('of GGUF needs only its header fetched', async () => {
    const real = readFileSync('fixtures/formats/plain.gguf');
    const { verdict, fetched } = await scanFar(new FarSource(real, real.length));
    expect(verdict).toBe('clean');
    expect(fetched).toBeLessThan(3 * real.length);
  });

  it('that no scanner judges needs only its probe fetched', async () => {
    const { verdict, fetched } = await scanFar(new FarSource(Buffer.from('SQLite format 3\0', 'latin1'), GiB));
    expect(verdict).toBe('not-assessed');
    expect(fetched).toBeLessThan(8 * 1024);
  });

  it('of half a GiB of ONNX weights has the weights skipped', async () => {
    const bytes = GiB / 2;
    const head = (number: number, length: number) => Buffer.concat([Buffer.from([number * 8 + 2]), varint(length)]);
    // A TensorProto of one dimension and the type float, then a GraphProto of one node with it, behind the version and the operator set.
    const tensor = Buffer.concat([Buffer.from([0x08]), varint(bytes / 4), Buffer.from([0x10, 1]), head(9, bytes)]);
    const initializer = Buffer.concat([head(5, tensor.length + bytes), tensor]);
    const node = Buffer.from('\x0a\x06\x22\x04Relu', 'latin1');
    const graph = Buffer.concat([head(7, node.length + initializer.length + bytes), node, initializer]);
    const start = Buffer.concat([Buffer.from([0x08, 8, 0x42, 2, 0x10, 17]), graph]);
    const { verdict, fetched } = await scanFar(new FarSource(start, start.length + bytes));
    expect(verdict).toBe('clean');
    expect(fetched).toBeLessThan(256 * 1024);
  });
});

function varint(value: number): Buffer {
  const bytes: number[] = [];
  for (let left = value; ; left = Math.floor(left / 128)) {
    bytes.push(left < 128 ? left : (left % 128) + 128);
    if (left < 128) return Buffer.from(bytes);
  }
}
