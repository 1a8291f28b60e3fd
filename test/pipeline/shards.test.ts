import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { assess } from '../../src/pipeline/assess.ts';
import { artifactOf, memoryFile } from '../support/artifacts.ts';

const FOLDERS = ['4.41.2', '4.57.6'].map((version) =>
  join(import.meta.dirname, '../../fixtures/convert/huggingface', version, 'bert-shards'),
);
const INDEX = 'model.safetensors.index.json';

type Header = Record<string, { dtype: string; shape: number[]; data_offsets: number[] }>;

function headerOf(bytes: Uint8Array): Header {
  const length = Number(Buffer.from(bytes).readBigUInt64LE());
  const header = JSON.parse(Buffer.from(bytes.subarray(8, 8 + length)).toString());
  delete header.__metadata__;
  return header;
}

function safetensors(names: readonly string[]): Uint8Array {
  const entries = names.map((name, i) => [name, { dtype: 'F32', shape: [1], data_offsets: [4 * i, 4 * i + 4] }]);
  const header = Buffer.from(JSON.stringify(Object.fromEntries(entries)));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  return Buffer.concat([length, header, Buffer.alloc(4 * names.length)]);
}

function indexOf(files: Readonly<Record<string, readonly string[]>>): Uint8Array {
  const pairs = Object.entries(files).flatMap(([file, names]) => names.map((name) => [name, file]));
  return Buffer.from(JSON.stringify({ metadata: {}, weight_map: Object.fromEntries(pairs) }));
}

async function judge(files: Readonly<Record<string, Uint8Array>>) {
  const assessed = await assess(artifactOf(Object.entries(files).map(([path, bytes]) => memoryFile(path, bytes))));
  const index = assessed.files.find(({ path }) => path.endsWith('.index.json'));
  const own = assessed.findings.filter(({ ruleId }) => ruleId.startsWith('index.'));
  return { verdict: index?.verdict, found: own.map(({ ruleId, message }) => `${ruleId}: ${message}`) };
}

describe.each(FOLDERS)('an index that transformers wrote: %s', (folder) => {
  const real = Object.fromEntries(
    [1, 2, 3].map((i) => {
      const name = `model-0000${i}-of-00003.safetensors`;
      return [name, readFileSync(join(folder, name)) as Uint8Array];
    }),
  );
  const index = readFileSync(join(folder, INDEX));

  it('lists the tensors of the files beside it', async () => {
    expect(await judge({ ...real, [INDEX]: index })).toEqual({ verdict: 'clean', found: [] });
    const below = Object.fromEntries(Object.entries({ ...real, [INDEX]: index }).map(([p, b]) => [`unet/${p}`, b]));
    expect(await judge(below)).toEqual({ verdict: 'clean', found: [] });
  });

  it('is suspicious beside a file with one tensor more, and names the tensor', async () => {
    const [name = '', bytes = new Uint8Array()] = Object.entries(real)[2] ?? [];
    const more = safetensors([...Object.keys(headerOf(bytes)), 'bert.embeddings.word_embeddings.weight']);
    const { verdict, found } = await judge({ ...real, [name]: more, [INDEX]: index });
    expect(verdict).toBe('suspicious');
    expect(found).toEqual([
      expect.stringMatching(
        /^index\.tensors-differ: The index and "model-00003-of-00003\.safetensors" list other tensors: the index \d+, the file \d+; only the file has "bert\.embeddings\.word_embeddings\.weight"\.$/,
      ),
    ]);
  });

  it('is suspicious when two files changed their names', async () => {
    const [a, b, c] = Object.keys(real) as [string, string, string];
    const swapped = { [a]: real[b] as Uint8Array, [b]: real[a] as Uint8Array, [c]: real[c] as Uint8Array };
    const { verdict, found } = await judge({ ...swapped, [INDEX]: index });
    expect(verdict).toBe('suspicious');
    expect(found).toHaveLength(2);
  });

  it('says which file is missing', async () => {
    const [first = '', second = ''] = Object.keys(real);
    const { [first]: _, ...rest } = real;
    expect(await judge({ ...rest, [INDEX]: index })).toEqual({
      verdict: 'clean',
      found: [`index.shard-missing: The index names "${first}", not in the artifact.`],
    });
    const { [second]: __, ...last } = rest;
    const { found } = await judge({ ...last, [INDEX]: index });
    expect(found).toEqual([`index.shard-missing: The index names "${first}" and 1 more, not in the artifact.`]);
  });
});

describe('an index of weights', () => {
  it('whose files both hold a tensor is suspicious', async () => {
    const files = { 'a.safetensors': safetensors(['x', 'y']), 'b.safetensors': safetensors(['y', 'z']) };
    const index = indexOf({ 'a.safetensors': ['x', 'y'], 'b.safetensors': ['z'] });
    const { verdict, found } = await judge({ ...files, [INDEX]: index });
    expect(verdict).toBe('suspicious');
    expect(found).toEqual([
      'index.tensors-differ: The index and "b.safetensors" list other tensors: the index 1, the file 2; only the file has "y".',
    ]);
  });

  it('is compared by digest where names are long', async () => {
    const names = Array.from({ length: 600 }, (_, i) => `model.layers.${i}.self_attention.query.weight`);
    const index = indexOf({ 'a.safetensors': names });
    expect((await judge({ 'a.safetensors': safetensors(names.toReversed()), [INDEX]: index })).found).toEqual([]);
    const other = safetensors([...names.slice(1), 'other']);
    expect((await judge({ 'a.safetensors': other, [INDEX]: index })).found).toEqual([
      'index.tensors-differ: The index and "a.safetensors" list other tensors: the index 600, the file 600.',
    ]);
  });

  it('fits exactly the files that have its tensors', async () => {
    const names = fc.uniqueArray(fc.string({ unit: 'binary', minLength: 1, maxLength: 8 }), {
      minLength: 1,
      maxLength: 8,
    });
    await fc.assert(
      fc.asyncProperty(names, names, async (said, held) => {
        const usable = (name: string) =>
          Buffer.from(name).toString() === name && name !== '__metadata__' && name !== '__proto__';
        const [a, b] = [said.filter(usable), held.filter(usable)];
        fc.pre(a.length > 0 && b.length > 0);
        const { found } = await judge({ 'a.safetensors': safetensors(b), [INDEX]: indexOf({ 'a.safetensors': a }) });
        expect(found.length === 0).toBe(JSON.stringify(a.toSorted()) === JSON.stringify(b.toSorted()));
      }),
      { numRuns: 60 },
    );
  });
});
