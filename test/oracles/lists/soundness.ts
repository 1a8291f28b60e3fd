import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ListedGlobal, listedGlobals } from '../../../src/scan/lists/allowlists.ts';
import { Random } from '../../support/pickle-programs.ts';
import { scanPickleBytes } from '../../support/scan-pickle-bytes.ts';
import type { Interpreter } from '../jail.ts';
import { type Composed, compose, packed } from './compose.ts';
import { type Corpus, readCorpus } from './corpus.ts';
import { ListsLoader } from './loader.ts';
import { Values } from './values.ts';

export interface ListsRun {
  readonly interpreter: Interpreter;
  /** Folders of `fixtures/benign` whose files are changed; all when empty. */
  readonly libraries: readonly string[];
  /** Modules by the first part of their names; all when empty. */
  readonly packages: readonly string[];
  readonly seed: number;
  /** The number of files to load. */
  readonly files: number;
}

export interface ListsSum {
  composed: number;
  loaded: number;
  /** The number of files that created an object. */
  whole: number;
  readonly failures: Failure[];
}

export interface Failure {
  readonly seed: number;
  readonly what: string;
  readonly found: readonly string[];
}

type Entries = readonly [ListedGlobal, ...ListedGlobal[]];

/** Files that are scanned and not loaded yet. */
const AHEAD = 32;

/** Composes files until the requested number is called clean, and loads those. */
export async function checkLists(run: ListsRun): Promise<ListsSum> {
  const corpus = readCorpus(run.libraries);
  const listed = [...listedGlobals().values()].filter(
    ({ module }) => run.packages.length === 0 || run.packages.includes(module.split('.')[0] ?? ''),
  );
  const modules = [...new Set(listed.map(({ module }) => module))];
  const about = {
    modules,
    classes: listed.map(nameOf),
    warm: corpus.samples.map(({ root, protocol, packing }) => packed(root, protocol, packing, '')),
  };
  const loader = new ListsLoader(run.interpreter, about);
  try {
    const present = new Set(await loader.present);
    const [first, ...rest] = listed.filter((entry) => present.has(nameOf(entry)));
    if (first === undefined) throw new Error('the libraries have nothing that is listed');
    return await checkFiles(run, loader, corpus, [first, ...rest]);
  } finally {
    await loader.close();
  }
}

function nameOf({ module, name }: ListedGlobal): string {
  return `${module}:${name}`;
}

async function checkFiles(run: ListsRun, loader: ListsLoader, corpus: Corpus, entries: Entries): Promise<ListsSum> {
  const sum: ListsSum = { composed: 0, loaded: 0, whole: 0, failures: [] };
  const names = entries.map(nameOf) as [string, ...string[]];
  const open = new Set<Promise<void>>();
  for (; sum.loaded < run.files; sum.composed++) {
    const seed = run.seed + sum.composed;
    const random = new Random(seed);
    const file = compose(random, corpus, entries, new Values(random, corpus, names));
    const { verdict, imports } = await scanPickleBytes(file.bytes, file.name);
    if (verdict !== 'clean') continue;
    sum.loaded++;
    const loaded = loader.load({ ...file, names: imports }).then(({ end, found }) => {
      if (end === 'stop') sum.whole++;
      if (found.length > 0) sum.failures.push(kept({ seed, what: file.what, found }, file));
      open.delete(loaded);
    });
    open.add(loaded);
    if (open.size >= AHEAD) await Promise.race(open);
  }
  await Promise.all(open);
  return sum;
}

/** With ASSAY_LISTS_OUT, writes the failed files there. */
function kept(failure: Failure, file: Composed): Failure {
  const folder = process.env.ASSAY_LISTS_OUT;
  if (folder === undefined) return failure;
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, `${failure.seed}-${file.name}`), file.bytes);
  writeFileSync(join(folder, `${failure.seed}.txt`), `${failure.what}\n${failure.found.join('\n')}\n`);
  return failure;
}
