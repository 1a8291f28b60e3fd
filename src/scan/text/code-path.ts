import type { GlobalPolicy } from '../lists/index.ts';
import { isComputingOperator } from '../torchscript/index.ts';

/** Characters of a path that are looked at; a longer one is not a path of Python. */
const MAX_PATH = 1_000;
const MAX_PARTS = 40;
const PATH = /^[A-Za-z_]\w*(?:\s*[.:]\s*[A-Za-z_]\w*)*$/;

/** Names that pickles may use within a contract, and that reach anything in a text, which has none. */
const REACHES: ReadonlyMap<string, string> = new Map([
  ['builtins.getattr', 'reaches any attribute'],
  ['builtins.setattr', 'changes any attribute'],
  ['builtins.delattr', 'changes any attribute'],
  ['builtins.vars', 'reaches any attribute'],
  ['builtins.map', 'calls what it is given'],
  ['builtins.filter', 'calls what it is given'],
  ['functools.partial', 'calls what it is given'],
  ['functools.reduce', 'calls what it is given'],
]);
/** Names that end as those of a dangerous package do, and are classes of others: that a run is logged, or steps are taken. */
const HARMLESS = /(?:^|\.)mlflow(?:\.logger)?\.[A-Z]\w*Logger$|^torch\.distributed\.optim\.ZeroRedundancyOptimizer$/;
/** Methods of a path that change files. */
const PATH_METHODS = /^pathlib\.\w*Path\.(?:write_\w+|unlink|rmdir|rename|replace|mkdir|touch|\w*link_to|chmod|open)$/;

/** The kind of path that a text is to a loader that imports it. */
export type CodePath =
  | { readonly kind: 'dangerous'; readonly path: string; readonly danger: string }
  /** `package.module.Class`. */
  | { readonly kind: 'path'; readonly path: string; readonly allowed: boolean }
  /** One word: a builtin, or no path at all. */
  | { readonly kind: 'word'; readonly path: string }
  /** Computed by the loader: `${...}`, `%(...)s`, `{{...}}`. */
  | { readonly kind: 'computed'; readonly path: string }
  | { readonly kind: 'none' };

export function codePath(text: string, globals: GlobalPolicy): CodePath {
  const trimmed = text.trim();
  const path = trimmed.slice(0, 200);
  if (/\$\{|%\(|\{\{/.test(trimmed)) return { kind: 'computed', path };
  if (trimmed.length > MAX_PATH || !PATH.test(trimmed)) return { kind: 'none' };
  const parts = trimmed.split(/\s*[.:]\s*/);
  if (parts.length > MAX_PARTS) return { kind: 'none' };
  if (isComputingOperator(parts)) return { kind: 'path', path, allowed: false };
  const danger = dangerOfParts(parts, globals);
  if (danger !== undefined) return { kind: 'dangerous', path, danger };
  return parts.length === 1 ? { kind: 'word', path } : { kind: 'path', path, allowed: isAllowed(parts, globals) };
}

/** A path reaches what it ends in, and every module that it walks over: `torch.os.system` is `os.system`. */
function dangerOfParts(parts: readonly string[], globals: GlobalPolicy): string | undefined {
  const name = parts[parts.length - 1] ?? '';
  const reaches = REACHES.get(parts.slice(-2).join('.'));
  if (reaches !== undefined) return reaches;
  if (PATH_METHODS.test(parts.join('.'))) return 'changes files';
  const isHarmless = parts[0] !== 'mlflow' && HARMLESS.test(parts.join('.'));
  for (let start = 0; start < parts.length; start++) {
    const own = start === 0 && parts.length === 1;
    const module = own ? 'builtins' : parts.slice(start, -1).join('.');
    const standing = globals.standing({ module: module === '' ? 'builtins' : module, name, mapped: false });
    // The last part alone is a builtin only where the whole path is: `numpy.max` is not `max`.
    if (standing.kind === 'dangerous' && !isHarmless && (module !== '' || own)) return standing.danger;
  }
  const dunder = parts.slice(1).find((part) => part.startsWith('__'));
  return dunder === undefined ? undefined : `walks over ${dunder}`;
}

function isAllowed(parts: readonly string[], globals: GlobalPolicy): boolean {
  for (let cut = parts.length - 1; cut > 0; cut--) {
    const standing = globals.standing({
      module: parts.slice(0, cut).join('.'),
      name: parts.slice(cut).join('.'),
      mapped: false,
    });
    if (standing.kind === 'listed' && standing.entry.tier === 'organisation' && standing.entry.uses.has('call'))
      return true;
  }
  return false;
}
