import { readFileSync } from 'node:fs';
import {
  DILL,
  type GlobalName,
  type LoaderSet,
  NOBODY,
  PANDAS_AGAIN,
  TORCH,
  TORCHSCRIPT,
  WEIGHTS_ONLY,
} from '../../formats/pickle/index.ts';
import { readAllowlist } from '../lists/index.ts';
import type { Within } from '../scanner/index.ts';

let weightsOnly: ReadonlySet<string> | undefined;

/** The names of torch's own list, of the version that knows the most, as it compares them: one text. */
function weightsOnlyNames(): ReadonlySet<string> {
  weightsOnly ??= new Set(
    readAllowlist('torch-weights-only.json').globals.map(([module, name]) => `${module}.${name}`),
  );
  return weightsOnly;
}

/** Modules of which TorchScript's unpickler knows names (torch/csrc/jit/serialization/unpickler.cpp, readGlobal). */
const SCRIPT_MODULES = /^(?:__torch__(?:\..*)?|torch|torch\._utils|torch\._tensor|torch\.jit\._pickle|collections)$/;

/** The loaders that resolve listed names only, and do not list the name. */
export function refusedByLists(
  { module, name }: Pick<GlobalName, 'module' | 'name'>,
  within: Within | undefined,
): LoaderSet {
  const script = within === 'torchscript' && SCRIPT_MODULES.test(module) ? NOBODY : TORCHSCRIPT;
  return script | (weightsOnlyNames().has(`${module}.${name}`) ? NOBODY : WEIGHTS_ONLY);
}

/** The names that loaders import in place of the name in the file, in addition to that name. */
export function renamed({ module, name }: Pick<GlobalName, 'module' | 'name'>, loaders: LoaderSet): readonly Renamed[] {
  const others: Renamed[] = [];
  if ((loaders & PANDAS_AGAIN) !== 0) others.push(...pandasNames(module, name));
  // serialization.py, load_module_mapping; _dill.py, find_class.
  if ((loaders & TORCH) !== 0 && module === 'torch.tensor') others.push({ module: 'torch._tensor', name });
  if ((loaders & DILL) !== 0 && module === 'dill.dill') others.push({ module: 'dill._dill', name });
  return others;
}

export interface Renamed {
  readonly module: string;
  readonly name: string;
}

type Row = readonly [module: string, name: string, newModule: string, newName: string];

let pandasRows: readonly Row[] | undefined;

/** What versions of pandas import in place of a name (compat/pickle_compat.py, _class_locations_map). */
function pandasNames(module: string, name: string): Renamed[] {
  if (!module.startsWith('pandas.')) return [];
  pandasRows ??= (
    JSON.parse(readFileSync(new URL('./pandas-renames.json', import.meta.url), 'utf8')) as { renames: readonly Row[] }
  ).renames;
  return pandasRows
    .filter(([oldModule, oldName]) => oldModule === module && oldName === name)
    .map(([, , newModule, newName]) => ({ module: newModule, name: newName }));
}

/** Every name that these loaders ask for, "module.name", as it stands in the file and as they rename it. */
export function resolvedNames(global: Pick<GlobalName, 'module' | 'name'>, loaders: LoaderSet): string[] {
  return [global, ...renamed(global, loaders)].map(({ module, name }) => `${module}.${name}`);
}
