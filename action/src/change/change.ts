import type { Finding } from '../../../src/core/assessment/index.ts';
import type { Artifact, ArtifactFile } from '../../../src/core/index.ts';
import { mayReference } from '../../../src/references/index.ts';
import { CHANGE_RULES } from '../../../src/scan/rules/index.ts';
import type { Comparison } from '../comparison.ts';
import type { Git, GitBlob, TreeEntry } from '../git/index.ts';
import type { Inputs } from '../inputs.ts';
import { type Checkout, Checkouts } from './checkout.ts';
import { dvcChange, isDvcFile } from './dvc.ts';
import { DvcFiles } from './dvc-files.ts';
import { expandedChanges, type PlacedChange } from './entries.ts';
import { changeFinding } from './finding.ts';
import { blobFile, isModelName, type Sorted, sortFile } from './model-files.ts';
import { RepositoryFiles } from './repository-files.ts';
import type { ChangedText } from './text.ts';

/** What a run has to judge. */
export interface ChangeSet {
  /** Every file of the commit that is judged. */
  readonly files: RepositoryFiles;
  /** The same of the base; `undefined` without one. */
  readonly baseFiles: () => Promise<RepositoryFiles | undefined>;
  /** Files of models, under the paths that they have in the repository. */
  readonly models: Artifact;
  /** What the base has of the same files, under their paths of now; empty without a base. */
  readonly before: Artifact;
  /** Paths of files whose bytes are the base's: they were only moved. */
  readonly moved: ReadonlySet<string>;
  /** Files that may reference models. */
  readonly texts: readonly ChangedText[];
  /** Python of the change wherever it lies: names of it may be used where something is looked at. */
  readonly python: readonly ChangedText[];
  /** Whether a path is one of those that are looked at. */
  readonly isWanted: (path: string) => boolean;
  /** What there is to say before anything is scanned. */
  readonly findings: readonly Finding[];
  readonly counts: { readonly files: number; readonly models: number; readonly deleted: number };
}

/** Where a run reads. */
export interface Workplace {
  readonly git: Git;
  readonly workspace: string;
  /** An empty folder, removed by the caller. */
  readonly scratch: string;
}

/** @throws AssayError `unreadable`, `limit` */
export async function changeSetOf(comparison: Comparison, inputs: Inputs, place: Workplace): Promise<ChangeSet> {
  const checkouts = await Checkouts.of(place.workspace, place.scratch);
  const root = await checkouts.open(place.git, comparison.head);
  const isWanted = (path: string) => isWithin(path, inputs.paths);
  const isAround = (path: string) => inputs.paths.some((wanted) => wanted.startsWith(`${path}/`));
  const leadsIn = (path: string) => isWanted(path) || isAround(path);
  const expanded = await expandedChanges(root, comparison, leadsIn, checkouts);
  const changes = expanded.changes.filter(({ path }) => isWanted(path));
  const present = changes.filter(({ how }) => how !== 'deleted');
  const files = present.filter(({ kind }) => kind === 'file');
  const sorted = await sortedChange(files, expanded.checkouts);
  const dvc = await dvcChange(sorted.dvc, await DvcFiles.of(place.workspace));
  const known = new Set(expanded.checkouts.flatMap(({ tree }) => tree.map(({ path }) => path)));
  const [models, doubled] = await withDvcData(sorted.models, dvc.files, known);
  const { base } = comparison;
  return {
    files: new RepositoryFiles(expanded.checkouts),
    baseFiles: async () =>
      base === undefined ? undefined : new RepositoryFiles([await checkouts.open(place.git, base)]),
    models: artifactOf(models),
    before: artifactOf(sorted.before),
    moved: new Set(files.filter(({ oid, before: old }) => old?.oid === oid).map(({ path }) => path)),
    texts: sorted.texts,
    python: base === undefined ? [] : await pythonOf(expanded.changes),
    isWanted,
    findings: [
      ...expanded.findings,
      ...changes.flatMap(entryFindings),
      ...rulesFindings(expanded.changes, comparison, inputs),
      ...dvc.findings,
      ...doubled,
    ],
    counts: { files: present.length, models: models.length, deleted: changes.length - present.length },
  };
}

interface SortedChange {
  readonly models: ArtifactFile[];
  readonly before: ArtifactFile[];
  readonly texts: ChangedText[];
  readonly dvc: ChangedText[];
}

async function sortedChange(files: readonly PlacedChange[], checkouts: readonly Checkout[]): Promise<SortedChange> {
  const read = new Map<Checkout, ReadonlyMap<string, GitBlob>>();
  for (const checkout of checkouts) {
    const own = files.filter((one) => one.checkout === checkout);
    const oids = own.flatMap(({ oid, before }) => [oid, ...(before?.kind === 'file' ? [before.oid] : [])]);
    read.set(checkout, await checkout.blobs.read(oids));
  }
  const folders = modelFolders(checkouts.flatMap(({ tree }) => tree));
  const sort = (path: string, blob: GitBlob) => sortFile(path, blob, folders.has(folderOf(path)));
  const found: SortedChange = { models: [], before: [], texts: [], dvc: [] };
  for (const { path, oid, before: old, checkout } of files) {
    const blobs = read.get(checkout);
    const blob = blobs?.get(oid);
    if (blob === undefined) continue;
    const before = old?.kind === 'file' ? blobs?.get(old.oid) : undefined;
    const sorted = await sort(path, blob);
    if (sorted.kind !== 'other') {
      found.models.push(await contentOf(sorted, checkout));
      if (before !== undefined) found.before.push(await contentOf(await sort(path, before), checkout));
    }
    if (mayReference(path)) found.texts.push({ path, blob, before });
    if (isDvcFile(path)) found.dvc.push({ path, blob, before });
  }
  return found;
}

async function pythonOf(changes: readonly PlacedChange[]): Promise<readonly ChangedText[]> {
  const texts: ChangedText[] = [];
  for (const { path, oid, kind, how, before: old, checkout } of changes) {
    if (kind !== 'file' || how === 'deleted' || !/\.pyi?$/i.test(path)) continue;
    const before = old?.kind === 'file' ? old.oid : undefined;
    const read = await checkout.blobs.read([oid, ...(before === undefined ? [] : [before])]);
    const blob = read.get(oid);
    if (blob !== undefined) texts.push({ path, blob, before: before === undefined ? undefined : read.get(before) });
  }
  return texts;
}

/** What a pointer stands for, where it is here; else the file itself, which the scanner judges. */
async function contentOf(sorted: Sorted, { lfs }: Checkout): Promise<ArtifactFile> {
  return (await lfs.find(sorted)) ?? blobFile(sorted);
}

/** Models, with those among the data that DVC has brought. */
async function withDvcData(
  models: readonly ArtifactFile[],
  data: readonly ArtifactFile[],
  known: ReadonlySet<string>,
): Promise<readonly [readonly ArtifactFile[], readonly Finding[]]> {
  const all = [...models];
  const doubled: Finding[] = [];
  for (const file of data) {
    const { path, size } = file;
    if (known.has(path)) {
      const message = `${path} is a file of the repository, but DVC names other data with the same path, which was not scanned.`;
      doubled.push(changeFinding(CHANGE_RULES.dvc, path, message, path));
      continue;
    }
    const { kind } = await sortFile(path, { oid: '', size, open: () => file.open() }, isModelName(path));
    if (kind !== 'other') all.push(file);
  }
  return [all, doubled];
}

/** Folders of the commit in which a file has the name of a model. */
function modelFolders(tree: readonly TreeEntry[]): ReadonlySet<string> {
  return new Set(tree.flatMap(({ path }) => (isModelName(path) ? [folderOf(path)] : [])));
}

function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/') + 1);
}

function isWithin(path: string, folders: readonly string[]): boolean {
  return folders.some((folder) => folder === '.' || path === folder || path.startsWith(`${folder}/`));
}

function artifactOf(files: readonly ArtifactFile[]): Artifact {
  return { ref: '.', pinned: '.', files, notes: [], close: async () => {} };
}

/** What a change says without its files being read. */
function entryFindings({ kind, path, oid, how, before }: PlacedChange): Finding[] {
  if (how === 'deleted' || kind === 'submodule') return [];
  if (kind === 'link') {
    if (!isModelName(path)) return [];
    return [changeFinding(CHANGE_RULES.link, path, `${path} is a symbolic link: its target was not scanned.`)];
  }
  const name = path.slice(path.lastIndexOf('/') + 1);
  if (name === '.gitattributes' && before?.oid !== oid) {
    return [changeFinding(CHANGE_RULES.attributes, path, `${path} controls which files Git LFS stores elsewhere.`)];
  }
  return [];
}

/** Edits of what this run is decided by. */
function rulesFindings(
  changes: readonly PlacedChange[],
  { base }: Comparison,
  { policy, allow, waivers }: Inputs,
): Finding[] {
  if (base === undefined) return [];
  const deciding = new Map<string, string>([
    [policy, 'policy'],
    ...(allow === undefined ? [] : [[allow, 'allowances'] as const]),
    ...waivers.map((path) => [path, 'waivers'] as const),
  ]);
  return changes.flatMap(({ path, before, how }) => {
    const what = deciding.get(path) ?? deciding.get(before?.path ?? '');
    if (what === undefined) return [];
    const verb = how === 'deleted' ? 'deletes' : how === 'added' ? 'adds' : 'edits';
    const message = `The change ${verb} the ${what} ${path}: this run used the ${what} of the base commit.`;
    return [changeFinding(CHANGE_RULES.rules, path, message, what)];
  });
}
