/** The kind of a zip archive, by the names of its members. */
export interface ZipLayout {
  /** Format identifier; `undefined` for a zip of no known kind. */
  readonly format:
    | 'torch-zip'
    | 'torchscript'
    | 'torch-package'
    | 'pt2'
    | 'npz'
    | 'keras'
    | 'skops'
    | 'h2o-mojo'
    | undefined;
  role(name: string): MemberRole;
  /** How the storages are named that a pickle's persistent ids mean: these texts around the key. */
  storagesOf(pickle: string): StorageNames | undefined;
}

export interface StorageNames {
  readonly before: string;
  readonly after: string;
}

/**
 * `schema`: the objects of a skops file. `mojo`: trees and settings of H2O. `storage`: raw numbers, reached through a persistent id. `code`:
 * TorchScript source. `bytecode`: the mobile interpreter's, a pickle. `program`: the JSON of torch.export. `native`: what AOTInductor compiled,
 * or compiles. `module`: Python that an importer runs.
 */
export type MemberRole =
  | 'member'
  | 'storage'
  | 'code'
  | 'bytecode'
  | 'program'
  | 'native'
  | 'module'
  | 'schema'
  | 'mojo';

/** Formats whose pickles may name storages by persistent id. */
export function isTorch(layout: ZipLayout): boolean {
  return (
    layout.format === 'torch-zip' ||
    layout.format === 'torchscript' ||
    layout.format === 'torch-package' ||
    layout.format === 'pt2'
  );
}

export function layoutOf(names: readonly string[]): ZipLayout {
  const known = new Set(names);
  return torchPackage(known) ?? pt2(known) ?? torch(known) ?? other(known);
}

/** Where the storages of each pickle of a torch archive stand (torch/csrc/jit/serialization/export_module.cpp). */
const TENSOR_FOLDERS: Readonly<Record<string, string>> = {
  'data.pkl': 'data',
  'constants.pkl': 'constants',
  'bytecode.pkl': 'constants',
};

/** In any folder and any case: PyTorch takes that of the first member for the archive's, and finds members by lower case. */
const CODE = /(?:^|\/)code\/.*\.py$/is;
const BYTECODE = /(?:^|\/)bytecode\.pkl$/i;

function torch(names: ReadonlySet<string>): ZipLayout | undefined {
  const root = rootOfAnyCase(
    names,
    ['data.pkl'],
    ['version', 'byteorder', 'constants.pkl', '.data/serialization_id', '.format_version'],
  );
  if (root === undefined) return undefined;
  const script = [...names].some((name) => CODE.test(name) || BYTECODE.test(name));
  return {
    format: script ? 'torchscript' : 'torch-zip',
    role(name) {
      if (CODE.test(name)) return 'code';
      if (BYTECODE.test(name)) return 'bytecode';
      const rest = below(root, name);
      return rest !== undefined && /^(data|constants|tensors)\/\d+(?:\.storage)?$/i.test(rest) ? 'storage' : 'member';
    },
    storagesOf(pickle) {
      const folder = TENSOR_FOLDERS[below(root, pickle)?.toLowerCase() ?? ''];
      return folder === undefined ? undefined : { before: `${root}${folder}/`, after: '' };
    },
  };
}

const PROGRAM = /(?:^|\/)(?:models\/[^/]*\.json|serialized_exported_program\.json)$/i;
const NATIVE = /(?:^|\/)aotinductor\/|\.(?:so|dll|dylib|pyd|cpp|cu|c|h|o|cubin|fatbin|ptx|hsaco|spv|metallib)$/i;

/** torch.export archives: 2.9 and later with `models/` and `data/`, before with `serialized_*` members. */
function pt2(names: ReadonlySet<string>): ZipLayout | undefined {
  const root =
    rootOf(names, ['archive_format'], ['archive_version', 'version', 'byteorder']) ??
    rootOf(
      names,
      ['serialized_exported_program.json'],
      ['serialized_state_dict.pt', 'version', 'serialized_constants.pt'],
    );
  if (root === undefined) return undefined;
  const storage = /^data\/(weights\/weight_\d+|constants\/tensor_\d+)$/;
  return {
    format: 'pt2',
    role(name) {
      if (PROGRAM.test(name)) return 'program';
      if (NATIVE.test(name)) return 'native';
      return name.startsWith(root) && storage.test(name.slice(root.length)) ? 'storage' : 'member';
    },
    storagesOf: () => undefined,
  };
}

function torchPackage(names: ReadonlySet<string>): ZipLayout | undefined {
  const root = rootOf(
    names,
    ['.data/extern_modules'],
    ['.data/version', 'version', '.data/python_version', 'byteorder'],
  );
  if (root === undefined) return undefined;
  return {
    format: 'torch-package',
    role(name) {
      // In any folder: importers differ on which one is the root.
      if (/\.py$/i.test(name)) return 'module';
      return name.startsWith(root) && /^\.data\/\d+\.storage$/.test(name.slice(root.length)) ? 'storage' : 'member';
    },
    storagesOf: (pickle) =>
      pickle.startsWith(root) && pickle.endsWith('.pkl') ? { before: `${root}.data/`, after: '.storage' } : undefined,
  };
}

function other(names: ReadonlySet<string>): ZipLayout {
  const files = [...names].filter((name) => !name.endsWith('/'));
  const role = (): MemberRole => 'member';
  const storagesOf = () => undefined;
  if (files.length > 0 && files.every((name) => name.endsWith('.npy'))) return { format: 'npz', role, storagesOf };
  if (names.has('config.json') && names.has('metadata.json')) return { format: 'keras', role, storagesOf };
  if (names.has('schema.json'))
    return { format: 'skops', role: (name) => (name === 'schema.json' ? 'schema' : 'member'), storagesOf };
  if (names.has('model.ini'))
    return {
      format: 'h2o-mojo',
      role: (name) => (/(?:^|\/)(?:model\.ini|trees\/[^/]+\.bin)$/.test(name) ? 'mojo' : 'member'),
      storagesOf,
    };
  return { format: undefined, role, storagesOf };
}

/** PyTorch finds members by lower case. */
function rootOfAnyCase(
  names: ReadonlySet<string>,
  needed: readonly string[],
  beside: readonly string[],
): string | undefined {
  const lower = rootOf(new Set([...names].map((name) => name.toLowerCase())), needed, beside);
  if (lower === undefined) return undefined;
  const first = [...names].find((name) => name.toLowerCase() === `${lower}${needed[0]}`);
  return first?.slice(0, lower.length);
}

/** What follows the root in a name, in any case. */
function below(root: string, name: string): string | undefined {
  return name.toLowerCase().startsWith(root.toLowerCase()) ? name.slice(root.length) : undefined;
}

/** The shortest `<root>/` or nothing under which `needed` and one of `beside` stand. */
function rootOf(names: ReadonlySet<string>, needed: readonly string[], beside: readonly string[]): string | undefined {
  const [first = ''] = needed;
  const roots = [...names]
    .filter((name) => name === first || name.endsWith(`/${first}`))
    .map((name) => name.slice(0, -first.length));
  return roots
    .sort((a, b) => a.length - b.length)
    .find((root) => needed.every((name) => names.has(root + name)) && beside.some((name) => names.has(root + name)));
}
