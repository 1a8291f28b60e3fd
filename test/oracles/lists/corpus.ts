import { readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { gunzipSync, inflateSync } from 'node:zlib';
import { readTree } from './read-tree.ts';
import { type Made, makerOf, type Node, nodesOf } from './tree.ts';
import { readZip, type ZipEntry } from './zip-entries.ts';

/** The container of a pickle, which determines its loader. */
export type Packing =
  | { readonly kind: 'pickle' }
  | { readonly kind: 'joblib' }
  | { readonly kind: 'torch'; readonly entries: readonly ZipEntry[]; readonly at: number };

/** A real file as a tree. */
export interface Sample {
  readonly path: string;
  readonly root: Node;
  readonly protocol: number;
  readonly packing: Packing;
}

export interface Corpus {
  readonly samples: readonly [Sample, ...Sample[]];
  /** Objects of the samples, by the name that created them. */
  readonly made: ReadonlyMap<string, readonly Made[]>;
  /** States that were set by BUILD. */
  readonly states: readonly [Node, ...Node[]];
}

const FOLDER = new URL('../../../fixtures/benign', import.meta.url).pathname;
/** Larger files take long to scan and load, and hold the same kinds of objects. */
const MAX_BYTES = 100_000;

/** Real files of the named libraries, of all by default. Files that only other loaders read are omitted. */
export function readCorpus(libraries: readonly string[]): Corpus {
  const samples: Sample[] = [];
  for (const library of libraries.length === 0 ? readdirSync(FOLDER) : libraries) {
    for (const entry of readdirSync(join(FOLDER, library), {
      recursive: true,
      withFileTypes: true,
      encoding: 'utf8',
    })) {
      const path = join(entry.parentPath, entry.name);
      const sample = entry.isFile() ? readSample(path) : undefined;
      if (sample !== undefined) samples.push(sample);
    }
  }
  const made = new Map<string, Made[]>();
  const states: Node[] = [];
  for (const { root } of samples) {
    for (const node of nodesOf(root)) {
      if (node.kind !== 'made') continue;
      for (const step of node.steps) if (step.does === 'build') states.push(...step.items);
      const maker = makerOf(node);
      if (maker === undefined) continue;
      const known = made.get(maker);
      if (known === undefined) made.set(maker, [node]);
      else if (known.length < 200) known.push(node);
    }
  }
  const [first, ...rest] = samples.sort((a, b) => (a.path < b.path ? -1 : 1));
  const [state, ...others] = states;
  if (first === undefined || state === undefined) throw new Error('there are no samples');
  return { samples: [first, ...rest], made, states: [state, ...others] };
}

function readSample(path: string): Sample | undefined {
  const bytes = readFileSync(path);
  if (bytes.length > MAX_BYTES) return undefined;
  try {
    if (['.pkl', '.dill', '.pickle'].includes(extname(path)))
      return { path, ...readTree(bytes), packing: { kind: 'pickle' } };
    if (extname(path) === '.joblib') return { path, ...readTree(unpacked(bytes)), packing: { kind: 'joblib' } };
    if (!['.pt', '.pth', '.bin', '.ckpt'].includes(extname(path)) || bytes[0] !== 0x50) return undefined;
    const entries = readZip(bytes);
    const at = entries.findIndex((entry) => entry.name.endsWith('/data.pkl'));
    const pickle = entries[at]?.data;
    return pickle === undefined ? undefined : { path, ...readTree(pickle), packing: { kind: 'torch', entries, at } };
  } catch (error) {
    if (error instanceof Error) return undefined;
    throw error;
  }
}

function unpacked(bytes: Buffer): Buffer {
  if (bytes[0] === 0x1f && bytes[1] === 0x8b) return gunzipSync(bytes);
  return bytes[0] === 0x78 ? inflateSync(bytes) : bytes;
}
