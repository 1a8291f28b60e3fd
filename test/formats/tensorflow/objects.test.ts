import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FileBudget } from '../../../src/core/budget.ts';
import { MemorySource } from '../../../src/core/bytes/byte-source.ts';
import { isAssayError } from '../../../src/core/errors.ts';
import { DEFAULT_LIMITS } from '../../../src/core/limits.ts';
import { bundleText } from '../../../src/formats/tensorflow/bundle/bundle.ts';
import { readCheckpointObjects } from '../../../src/formats/tensorflow/read/objects.ts';
import { readSavedModel } from '../../../src/formats/tensorflow/read/saved-model.ts';

const budget = () => new FileBudget(DEFAULT_LIMITS, 2 ** 16);

/** A field with content, whose tag and length take a byte each. */
function field(number: number, content: string | readonly number[]): number[] {
  const bytes = [...Buffer.from(typeof content === 'string' ? Buffer.from(content) : content)];
  return [number * 8 + 2, ...lengthOf(bytes.length), ...bytes];
}

const lengthOf = (length: number) => (length < 128 ? [length] : [(length & 127) | 128, length >> 7]);
const number = (at: number, value: number) => [at * 8, value];
const child = (node: number, name: string) => [...number(1, node), ...field(2, name)];

/** The graph of objects of a SavedModel. */
async function objects(content: readonly number[]) {
  const bytes = Uint8Array.from(field(2, [...field(2, []), ...field(7, content)]));
  const { metaGraphs } = await readSavedModel(new MemorySource(bytes, 'saved_model.pb'), { budget: budget() });
  return metaGraphs[0]?.objects;
}

const checkpoint = (bytes: readonly number[]) =>
  readCheckpointObjects(new MemorySource(Uint8Array.from(bytes), 'objects'), budget());

describe('objects of a SavedModel', () => {
  it('have kinds, children and functions with what these take', async () => {
    const root = field(1, [...field(1, child(1, 'w')), ...field(4, [])]);
    const variable = field(1, [...field(7, []), ...field(3, [...number(1, 0), ...field(2, 'm'), ...number(3, 2)])]);
    const bare = field(1, field(8, field(1, 'f')));
    const constant = field(1, field(9, field(1, 'Const_1')));
    const table = field(1, [...field(10, []), ...field(11, [])]);
    const bound = field(2, [...field(1, 'f'), ...field(2, field(2, [1, 3]))]);
    expect(await objects([...root, ...variable, ...bare, ...constant, ...table, ...bound])).toEqual({
      nodes: [
        { kind: { is: 'other' }, children: [{ name: 'w', node: 1 }], slots: [], restoresItself: false },
        { kind: { is: 'variable' }, children: [], slots: [2], restoresItself: false },
        { kind: { is: 'function', name: 'f' }, children: [], slots: [], restoresItself: false },
        { kind: { is: 'constant', operation: 'Const_1' }, children: [], slots: [], restoresItself: false },
        { kind: { is: 'resource' }, children: [], slots: [], restoresItself: true },
      ],
      bound: new Map([['f', [1, 3]]]),
    });
  });

  it.each<[string, readonly number[], RegExp]>([
    ['two kinds', field(1, [...field(7, []), ...field(9, field(1, 'c'))]), /two kinds/],
    ['a name twice', field(1, field(1, [...child(1, 'a'), ...field(2, 'b')])), /comes twice/],
    ['two functions of one name', [...field(2, field(1, 'f')), ...field(2, field(1, 'f'))], /is bound twice/],
  ])('are refused with %s', async (_, content, message) => {
    await expect(objects(content)).rejects.toThrow(message);
  });

  it('are refused twice in one model', async () => {
    const bytes = Uint8Array.from(field(2, [...field(2, []), ...field(7, []), ...field(7, [])]));
    await expect(readSavedModel(new MemorySource(bytes, 'saved_model.pb'))).rejects.toThrow('two graphs of objects');
  });

  it('of a checkpoint have keys', async () => {
    const saved = field(2, [...field(1, 'VARIABLE_VALUE'), ...field(2, 'w'), ...field(3, 'w/.ATTRIBUTES/VALUE')]);
    expect(await checkpoint([...field(1, field(1, child(1, 'w'))), ...field(1, [...saved, ...field(4, [])])])).toEqual([
      { children: [{ name: 'w', node: 1 }], keys: [], restoresItself: false },
      { children: [], keys: [['VARIABLE_VALUE', 'w/.ATTRIBUTES/VALUE']], restoresItself: true },
    ]);
  });
});

describe('whatever the bytes are, there is an answer or an error of the format', () => {
  const ends = async (reading: Promise<unknown>) => {
    const error: unknown = await reading.then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    return error === undefined || (isAssayError(error) && error.code !== 'internal');
  };
  const fields = fc.array(fc.tuple(fc.integer({ min: 1, max: 16 }), fc.uint8Array({ maxLength: 40 })), {
    maxLength: 8,
  });

  it('of objects, and of a checkpoint', async () => {
    await fc.assert(
      fc.asyncProperty(fields, fc.uint8Array({ maxLength: 100 }), async (parts, rest) => {
        const bytes = [
          ...parts.flatMap(([at, content]) => field(at > 2 ? 1 : at, [...field(at, [...content])])),
          ...rest,
        ];
        return (await ends(objects(bytes))) && (await ends(checkpoint(bytes)));
      }),
      { numRuns: 300 },
    );
  });

  it('of a text among variables', async () => {
    const entry = { type: 'string', dims: [], shard: 0, offset: 0, sliced: false } as const;
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 40 }), fc.nat(60), async (bytes, size) => {
        const shards = new Map([[0, new MemorySource(bytes, 'variables')]]);
        return await ends(bundleText('key', { ...entry, size }, shards, budget()));
      }),
      { numRuns: 300 },
    );
    const text = Uint8Array.from([2, 9, 9, 9, 9, 65, 66]);
    const shards = new Map([[0, new MemorySource(text, 'variables')]]);
    expect(await bundleText('key', { ...entry, size: 7 }, shards, budget())).toEqual(Uint8Array.from([65, 66]));
  });
});
