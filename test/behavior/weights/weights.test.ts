import { describe, expect, it } from 'vitest';
import { compareWeights } from '../../../src/behavior/weights/compare.ts';
import { tensorDifferenceOf } from '../../../src/behavior/weights/difference.ts';
import { tensorNumbers } from '../../../src/behavior/weights/numbers.ts';
import { shareOfLargest } from '../../../src/behavior/weights/singular.ts';
import { MemorySource } from '../../../src/core/bytes/byte-source.ts';
import { SeededRandom } from '../../../src/core/random.ts';
import { GraphBuilder } from '../../../src/formats/onnx/build/builder.ts';
import { tensorOf, tensorOfStrings } from '../../../src/formats/onnx/build/tensors.ts';
import type { DataType } from '../../../src/formats/onnx/data-type.ts';
import type { OnnxModel, OnnxTensor } from '../../../src/formats/onnx/model.ts';

async function all(tensor: OnnxTensor, external?: MemorySource): Promise<number[]> {
  const values: number[] = [];
  for await (const part of tensorNumbers(tensor, { external: () => external })) values.push(...part);
  return values;
}

function raw(type: DataType, dims: readonly number[], bytes: Uint8Array): OnnxTensor {
  const range = { source: new MemorySource(bytes, 'm'), offset: 0, length: bytes.length };
  return { name: 't', type, dims, data: { kind: 'raw', range }, docString: '', metadata: [] };
}

describe('the numbers of a tensor', () => {
  it.each<[DataType, Uint8Array, number[]]>([
    ['float32', new Uint8Array(Float32Array.of(1.5, -2).buffer), [1.5, -2]],
    ['float64', new Uint8Array(Float64Array.of(1.5, -2).buffer), [1.5, -2]],
    ['float16', Uint8Array.of(0x00, 0x3e, 0x00, 0xc0), [1.5, -2]],
    ['bfloat16', Uint8Array.of(0xc0, 0x3f, 0x00, 0xc0), [1.5, -2]],
    ['int8', Uint8Array.of(1, 255), [1, -1]],
    ['uint8', Uint8Array.of(1, 255), [1, 255]],
    ['int64', new Uint8Array(BigInt64Array.of(1n, -7n).buffer), [1, -7]],
    ['int4', Uint8Array.of(0x21), []],
  ])('of %s', async (type, bytes, expected) => {
    expect(await all(raw(type, [2], bytes))).toEqual(expected);
  });

  it('come in parts, also from another file', async () => {
    const values = Float32Array.from({ length: 700_000 }, (_, at) => at);
    const source = new MemorySource(new Uint8Array(values.buffer), 'weights');
    const at = { location: 'w', offset: 0, length: undefined, checksum: undefined, others: [] };
    const tensor: OnnxTensor = { ...raw('float32', [700_000], new Uint8Array()), data: { kind: 'external', at } };
    let [parts, sum] = [0, 0];
    for await (const part of tensorNumbers(tensor, { external: () => source })) {
      parts++;
      sum += part.reduce((total, value) => total + value, 0);
    }
    expect([parts, sum]).toEqual([3, (700_000 * 699_999) / 2]);
    await expect(all({ ...tensor, dims: [700_001] }, source)).rejects.toMatchObject({ code: 'malformed' });
    await expect(all(tensor)).rejects.toMatchObject({ code: 'unsupported' });
  });
});

const side = (tensor: OnnxTensor) => ({ tensor, source: {} });

describe('the difference of two tensors', () => {
  const one = tensorOf(Float32Array.of(3, 4), [2]);

  it.each<[string, OnnxTensor, OnnxTensor, number]>([
    ['of equal ones', one, one, 0],
    ['is over the length of the approved one', tensorOf(Float32Array.of(3, 5), [2]), one, 1 / 5],
    ['from zero is infinite', one, tensorOf(new Float32Array(2), [2]), Number.POSITIVE_INFINITY],
    ['of zeros is none', tensorOf(new Float32Array(2), [2]), tensorOf(new Float32Array(2), [2]), 0],
    ['with what is not a number is none', tensorOf(Float32Array.of(Number.NaN, 4), [2]), one, Number.NaN],
    [
      'of equal infinities is none',
      tensorOf(Float32Array.of(Infinity), [1]),
      tensorOf(Float32Array.of(Infinity), [1]),
      0,
    ],
    ['of texts', tensorOfStrings(['a', 'bc']), tensorOfStrings(['ab', 'c']), Number.POSITIVE_INFINITY],
    ['of equal texts', tensorOfStrings(['a']), tensorOfStrings(['a']), 0],
    [
      'of packed numbers',
      raw('int4', [2], Uint8Array.of(1)),
      raw('int4', [2], Uint8Array.of(2)),
      Number.POSITIVE_INFINITY,
    ],
  ])('%s', async (_, own, approved, expected) => {
    const { relative } = await tensorDifferenceOf(side(own), side(approved));
    expect(Number(relative.toPrecision(12))).toEqual(Number(expected.toPrecision(12)));
  });

  it('reads lists of another division', async () => {
    const values = Float32Array.from({ length: 400_000 }, (_, at) => at % 100);
    const bytes = new Uint8Array(values.buffer);
    const field = new Uint8Array(bytes.length + 8);
    // A packed list of floats: field 4, its length as a varint.
    const head = [0x22, ...varint(bytes.length)];
    field.set(head);
    field.set(bytes, head.length);
    const runs = [{ source: new MemorySource(field, 'm'), offset: 0, length: head.length + bytes.length }];
    const typed: OnnxTensor = { ...raw('float32', [400_000], bytes), data: { kind: 'typed', field: 'floats', runs } };
    expect((await tensorDifferenceOf(side(typed), side(raw('float32', [400_000], bytes)))).relative).toBe(0);
  });
});

function varint(value: number): number[] {
  return value < 128 ? [value] : [(value & 127) | 128, ...varint(value >>> 7)];
}

describe('the share of the largest singular values', () => {
  /** A matrix of known singular values: the diagonal of them between two reflections (Householder). */
  function matrixOf(values: readonly number[], columns: number): Float32Array {
    const rows = values.length;
    const [left, right] = [reflection(rows, 1), reflection(columns, 2)];
    return Float32Array.from({ length: rows * columns }, (_, at) => {
      const [row, column] = [Math.floor(at / columns), at % columns];
      return values.reduce((sum, value, k) => sum + (left[row]?.[k] ?? 0) * value * (right[k]?.[column] ?? 0), 0);
    });
  }

  function reflection(size: number, seed: number): readonly (readonly number[])[] {
    const random = new SeededRandom(seed);
    const normal = Array.from({ length: size }, () => random.normal());
    const square = normal.reduce((sum, value) => sum + value * value, 0);
    return normal.map((a, row) => normal.map((b, column) => Number(row === column) - (2 * a * b) / square));
  }

  it.each<[string, readonly number[], number]>([
    ['of a matrix of rank 1', [5, ...new Array<number>(19).fill(0)], 1],
    ['of a matrix of rank 4', [9, 7, 5, 3, ...new Array<number>(16).fill(0)], 1],
    ['with others', [9, 7, 5, 3, 2, 1, ...new Array<number>(14).fill(0)], 164 / 169],
    ['of one without a direction', new Array<number>(20).fill(1), 4 / 20],
    ['of zeros', new Array<number>(20).fill(0), 0],
  ])('%s', (_, values, expected) => {
    expect(shareOfLargest(matrixOf(values, 32), 20, 32)).toBeCloseTo(expected, 3);
  });
});

describe('what was added', () => {
  function model(weights: Readonly<Record<string, readonly number[]>>, more = false): OnnxModel {
    const g = new GraphBuilder('m');
    let x = g.input('x', 'float32', ['batch', 2]);
    for (const [name, values] of Object.entries(weights))
      x = g.op('Mul', [x, g.constant(tensorOf(Float32Array.from(values), [values.length]), name)]);
    g.output('y', more ? g.op('Relu', [x]) : x, 'float32', ['batch', 2]);
    return g.model();
  }
  const compared = (own: OnnxModel, approved: OnnxModel) =>
    compareWeights({ model: own, source: {} }, { model: approved, source: {} }, () => {});

  it('and removed, reshaped, changed', async () => {
    const result = await compared(
      model({ a: [1, 2], b: [1], d: [3, 3] }, true),
      model({ a: [1, 1], b: [2, 1], c: [2, 2] }),
    );
    expect(result).toMatchObject({ added: ['d'], removed: ['c'], reshaped: ['b'] });
    expect(result.tensors).toMatchObject([{ name: 'a', relative: expect.closeTo(Math.SQRT1_2, 12) }]);
    expect([...result.addedNodes]).toEqual([['Relu', 1]]);
    expect([...result.removedNodes]).toEqual([]);
  });

  it('tensors of one name are compared one by one, and those of subgraphs and functions, too', async () => {
    const own = model({ a: [1, 2] });
    const twice = {
      ...own,
      graph: { ...own.graph, initializers: [...own.graph.initializers, ...own.graph.initializers] },
    };
    expect((await compared(twice, own)).added).toEqual(['["a",2]']);
    const constant = {
      name: 'value',
      docString: '',
      type: 'tensor' as const,
      value: tensorOf(Float32Array.of(7), [1]),
    };
    const node = {
      name: '',
      op: 'Constant',
      domain: '',
      overload: '',
      inputs: [],
      outputs: ['k'],
      attributes: [constant],
      docString: '',
      metadata: [],
    };
    const called = {
      name: 'F',
      domain: 'own',
      overload: '',
      inputs: [],
      outputs: ['k'],
      attributes: [],
      defaults: [],
      nodes: [node],
      opsets: [],
      values: [],
      docString: '',
      metadata: [],
    };
    expect((await compared({ ...own, functions: [called] }, own)).added).toEqual(['own.F > k']);
  });
});
