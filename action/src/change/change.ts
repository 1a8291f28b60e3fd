import type { Finding } from '../../../src/core/assessment/index.ts';
import type { Artifact, ArtifactFile } from '../../../src/core/index.ts';
import { mayReference } from '../../../src/references/index.ts';
import type { Comparison } from '../comparison.ts';
import {
  type Git,
  type GitBlob,
  type GitBlobs,
  type TreeChange,
  type TreeEntry,
  treeChanges,
  treeOf,
} from '../git/index.ts';
import type { Inputs } from '../inputs.ts';
import { LfsFiles } from './lfs.ts';
import { blobFile, isModelName, type Sorted, sortFile } from './model-files.ts';
import { CHANGE_RULES, changeFinding } from './rules.ts';

/** A text file of the change, and what it was before. */
export interface ChangedText {
  readonly path: string;
  readonly oid: string;
  readonly beforeOid: string | undefined;
}

/** What a run has to judge. */
export interface ChangeSet {
  /** Every file of the commit that is judged. */
  readonly tree: readonly TreeEntry[];
  /** Files of models, under the paths that they have in the repository. */
  readonly models: Artifact;
  /** What the base has of the same files, under their paths of now; empty without a base. */
  readonly before: Artifact;
  /** Paths of files whose bytes are the base's: they were only moved. */
  readonly moved: ReadonlySet<string>;
  /** Files that may reference models. */
  readonly texts: readonly ChangedText[];
  /** Files of DVC. */
  readonly dvc: readonly ChangedText[];
  /** What there is to say before anything is scanned. */
  readonly findings: readonly Finding[];
  /** Paths of pointers whose content is not here. */
  readonly notFetched: readonly string[];
  readonly counts: { readonly files: number; readonly models: number; readonly deleted: number };
}

/** @throws AssayError `unreadable`, `limit` */
export async function changeSetOf(
  comparison: Comparison,
  inputs: Inputs,
  { git, blobs, workspace }: { readonly git: Git; readonly blobs: GitBlobs; readonly workspace: string },
): Promise<ChangeSet> {
  const tree = await treeOf(git, comparison.head);
  const all = await everyChange(comparison, tree, git);
  const changes = all.filter(({ path }) => isWithin(path, inputs.paths));
  const present = changes.filter(({ how }) => how !== 'deleted');
  const files = present.filter(({ kind }) => kind === 'file');
  const read = await blobs.read(
    files.flatMap(({ oid, before }) => [oid, ...(before?.kind === 'file' ? [before.oid] : [])]),
  );
  const lfs = await LfsFiles.of(git, workspace);
  const folders = modelFolders(tree);
  const sort = (path: string, blob: GitBlob) => sortFile(path, blob, folders.has(folderOf(path)));
  const notFetched: string[] = [];
  const fileOf = async (sorted: Sorted, isHead: boolean): Promise<ArtifactFile> => {
    const content = await lfs.find(sorted);
    if (content === undefined && sorted.pointer !== undefined && isHead) notFetched.push(sorted.path);
    return content ?? blobFile(sorted);
  };
  const models: ArtifactFile[] = [];
  const before: ArtifactFile[] = [];
  const texts: ChangedText[] = [];
  const dvc: ChangedText[] = [];
  for (const change of files) {
    const blob = read.get(change.oid);
    if (blob === undefined) continue;
    const sorted = await sort(change.path, blob);
    if (sorted.kind !== 'other') models.push(await fileOf(sorted, true));
    const beforeBlob = change.before?.kind === 'file' ? read.get(change.before.oid) : undefined;
    if (sorted.kind !== 'other' && beforeBlob !== undefined) {
      const old = await sort(change.path, beforeBlob);
      before.push(await fileOf(old, false));
    }
    const text = { path: change.path, oid: change.oid, beforeOid: beforeBlob?.oid };
    if (mayReference(change.path)) texts.push(text);
    if (/(?:^|\/)dvc\.lock$|\.dvc$/.test(change.path)) dvc.push(text);
  }
  const moved = new Set(files.filter(({ oid, before: old }) => old?.oid === oid).map(({ path }) => path));
  return {
    tree,
    models: artifactOf(models),
    before: artifactOf(before),
    moved,
    texts,
    dvc,
    findings: [...changes.flatMap(entryFindings), ...rulesFindings(all, comparison, inputs)],
    notFetched,
    counts: { files: present.length, models: models.length, deleted: changes.length - present.length },
  };
}

async function everyChange(
  { base, head }: Comparison,
  tree: readonly TreeEntry[],
  git: Git,
): Promise<readonly TreeChange[]> {
  if (base !== undefined) return treeChanges(git, base, head);
  return tree.map((entry) => ({ ...entry, how: 'added', before: undefined }));
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
function entryFindings({ kind, path, oid, how, before }: TreeChange): Finding[] {
  if (how === 'deleted') return [];
  if (kind === 'submodule') {
    const message = `${path} is a submodule at commit ${oid}: the models in it were not scanned.`;
    return [changeFinding(CHANGE_RULES.submodule, path, message, oid)];
  }
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
  changes: readonly TreeChange[],
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
