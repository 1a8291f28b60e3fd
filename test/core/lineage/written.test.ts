import { describe, expect, it } from 'vitest';
import { writtenBy } from '../../../src/core/lineage/written.ts';

const hex = (byte: number) => byte.toString(16).padStart(2, '0').repeat(32);
const file = (path: string, byte: number) => ({ path, sha256: hex(byte) });

const MODEL = [file('out/m.onnx', 1), file('out/a.data', 2), file('out/b.data', 3)];

describe('the files that a run wrote', () => {
  it.each<[string, readonly { path: string; sha256: string }[], readonly string[]]>([
    ['are where they were', MODEL, ['out/m.onnx', 'out/a.data', 'out/b.data']],
    ['moved together', [file('m.onnx', 1), file('a.data', 2), file('b.data', 3)], ['m.onnx', 'a.data', 'b.data']],
    ['are one, by any name', [file('x/y.bin', 2)], ['x/y.bin']],
    ['lie beside another', [...MODEL, file('out/new.onnx', 9)], ['out/m.onnx', 'out/a.data', 'out/b.data']],
    ['are at each other’s place', [file('m.onnx', 1), file('a.data', 3), file('b.data', 2)], ['m.onnx']],
    ['moved apart', [file('x/m.onnx', 1), file('a.data', 2), file('b.data', 3)], ['a.data', 'b.data']],
    ['are not there', [file('m.onnx', 9)], []],
    ['are none', [], []],
  ])('%s', (_, files, expected) => {
    expect(writtenBy(MODEL, files)).toEqual(expected);
  });

  it('are looked for in few ways, when one file lies in an artifact many times', () => {
    const model = Array.from({ length: 1000 }, (_, i) => file(`${i}/m`, 1));
    const many = Array.from({ length: 20_000 }, (_, i) => file(`copy-${i}/m`, 1));
    expect(writtenBy(model, many)).toHaveLength(1);
  });
});
