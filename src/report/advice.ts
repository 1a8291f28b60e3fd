import type { Assessment, FileAssessment } from '../core/assessment/index.ts';
import { torchSafeGlobals } from './torch-safe-globals.ts';

/** Weights in a format that cannot carry code, in the same folder as a file one should not load. */
export interface SaferFiles {
  readonly paths: readonly string[];
  /** Whether their name says that they hold the same weights. */
  readonly sameName: boolean;
}

/** Formats that hold no weights, and that weights cannot replace: configuration, code, text, pictures. */
const NO_WEIGHTS: ReadonlySet<string> = new Set(
  'json jsonl yaml text markdown csv xml html svg jinja python javascript shell pdf png jpeg gif webp empty lfs-pointer'.split(
    ' ',
  ),
);

const SHARD = /-\d{5}-of-\d{5}$/;

/** The safer files beside `file`, those of the same stem before others; none of another format would be a replacement. */
export function saferFiles(file: FileAssessment, all: readonly FileAssessment[]): SaferFiles | undefined {
  if (file.format === 'safetensors' || NO_WEIGHTS.has(file.format)) return undefined;
  const beside = safeIn(all, folderOf(file.path));
  if (beside.length === 0) return undefined;
  const same = beside.filter((other) => weightsName(other.path) === weightsName(file.path));
  const paths = (same.length > 0 ? same : beside).map((other) => other.path);
  return { paths, sameName: same.length > 0 };
}

const known = new WeakMap<readonly FileAssessment[], ReadonlyMap<string, readonly FileAssessment[]>>();

/** Clean weights in a folder. All files are looked through once, not for each of them (CWE-407). */
function safeIn(all: readonly FileAssessment[], folder: string): readonly FileAssessment[] {
  const byFolder = known.get(all) ?? safeByFolder(all);
  known.set(all, byFolder);
  return byFolder.get(folder) ?? [];
}

function safeByFolder(all: readonly FileAssessment[]): ReadonlyMap<string, readonly FileAssessment[]> {
  const byFolder = new Map<string, FileAssessment[]>();
  for (const file of all) {
    if (file.format !== 'safetensors' || file.verdict !== 'clean') continue;
    const folder = folderOf(file.path);
    const own = byFolder.get(folder);
    if (own === undefined) byFolder.set(folder, [file]);
    else own.push(file);
  }
  return byFolder;
}

function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/') + 1);
}

/** `pytorch_model-00001-of-00002.bin` and `model.safetensors` are both `model`. */
function weightsName(path: string): string {
  const name = path.slice(path.lastIndexOf('/') + 1).toLowerCase();
  const stem = name.slice(0, name.includes('.') ? name.lastIndexOf('.') : undefined);
  return stem.replace(SHARD, '').replace(/^(pytorch|tf|flax|diffusion_pytorch)_model$/, 'model');
}

/** A dotted name that is safe to paste into Python: identifiers and dots, nothing else. */
const DOTTED = /^[A-Za-z_][A-Za-z0-9_]{0,99}(\.[A-Za-z_][A-Za-z0-9_]{0,99}){1,20}$/;

export function isPlainGlobal(name: string): boolean {
  return DOTTED.test(name);
}

/**
 * Python that lets `torch.load(weights_only=True)` read the torch checkpoints of an artifact, one line an element; empty
 * when it needs none, and whenever anything in the artifact is malicious or a name is not plain.
 */
export function safeGlobalsCode(assessment: Assessment): string[] {
  if (assessment.files.some((file) => file.verdict === 'malicious')) return [];
  const torch = assessment.files.filter(({ format, verdict }) => TORCH_CHECKPOINTS.has(format) && verdict === 'clean');
  const names = new Set(
    torch
      .flatMap((file) => file.imports)
      .map(modernName)
      .filter((name) => !torchSafeGlobals().has(name)),
  );
  if (names.size === 0 || ![...names].every(isPlainGlobal)) return [];
  const objects = [...names].sort();
  const modules = [...new Set(objects.map(moduleOf))].sort();
  return [
    'import torch',
    ...modules.map((module) => `import ${module}`),
    'torch.serialization.add_safe_globals([',
    ...objects.map((object) => `    ${object},`),
    '])',
  ];
}

/** Formats that `torch.load` reads. */
const TORCH_CHECKPOINTS: ReadonlySet<string> = new Set(['torch-zip', 'torch-legacy', 'torch-tar']);

const RENAMED: ReadonlyMap<string, string> = new Map([
  ['__builtin__', 'builtins'],
  ['copy_reg', 'copyreg'],
]);

/** The Python 3 name of a global that Python 2 wrote. */
function modernName(name: string): string {
  const dot = name.indexOf('.');
  const module = name.slice(0, dot);
  return `${RENAMED.get(module) ?? module}${name.slice(dot)}`;
}

/** The module to import for a dotted object: up to the first part that is named like a class, and never the last part. */
export function moduleOf(object: string): string {
  const parts = object.split('.');
  const classAt = parts.findIndex((part) => /^_*[A-Z]/.test(part));
  return parts.slice(0, classAt > 0 ? classAt : parts.length - 1).join('.');
}

/** Names that a suspicious file uses and the ruleset does not list: the names that an allowance would need. */
export function unlistedGlobals(file: FileAssessment, isListed: (name: string) => boolean): string[] {
  return file.imports.filter((name) => !isListed(modernName(name)) && isPlainGlobal(name));
}
