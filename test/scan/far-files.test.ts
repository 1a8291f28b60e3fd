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
    const { verdict, fetched } = await scanFar(
      new FarSource(Buffer.from('X\n\0\0\0\x02\0\x04\x02\0\0\x02\x03\0', 'latin1'), GiB),
    );
    expect(verdict).toBe('not-assessed');
    expect(fetched).toBeLessThan(8 * 1024);
  });

  it('of a GiB of ONNX weights has the weights skipped', async () => {
    // ModelProto: ir_version 8, producer "x", graph of 1 GiB whose first field is an initializer, then an opset.
    const initializer = Buffer.from([0x2a, 0x80, 0x80, 0x80, 0x80, 0x02]);
    const graph = Buffer.from([0x3a, 0x80, 0x80, 0x80, 0x80, 0x04]);
    const start = Buffer.concat([Buffer.from([0x08, 8, 0x12, 1, 0x78]), graph, initializer]);
    const { verdict, fetched } = await scanFar(new FarSource(start, 5 + graph.length + GiB));
    expect(verdict).toBe('not-assessed');
    expect(fetched).toBeLessThan(64 * 1024);
  });
});
