import { posix } from 'node:path';
import { quotedName } from '../../core/index.ts';
import { type Rule, type ShardsFact, SUPPLY_CHAIN, type TensorNames } from '../scanner/index.ts';
import type { CodeFile } from './places.ts';

const REFERENCES = { owasp: SUPPLY_CHAIN.owasp, atlas: SUPPLY_CHAIN.atlas } as const;

const SHARD_MISSING: Rule = {
  id: 'index.shard-missing',
  title: 'An index of weights names a file that is not in the artifact',
  severity: 'low',
  verdict: 'none',
  explanation:
    'The index of a model in several files (`weight_map` of `model.safetensors.index.json`) names a file that the artifact does not have. The model cannot be loaded from the artifact, or a loader fetches the file from another place, where nothing scanned it.',
  remedy: 'Scan the folder or the repository that holds all files of the model.',
  ...REFERENCES,
  cwe: ['CWE-610'],
};

const TENSORS_DIFFER: Rule = {
  id: 'index.tensors-differ',
  title: 'An index of weights and a file that it names list other tensors',
  severity: 'medium',
  verdict: 'suspicious',
  explanation:
    'The index of a model in several files says which tensors each file holds. Some loaders take all tensors of each file, others the tensors that the index gives it, and of a tensor in two files each takes another one. So a file whose tensors are not those of the index is another model for each loader: what one program tested is not what another one runs.',
  remedy:
    'Compare the files with those of the publisher. Write the model again with the library that made it (`save_pretrained`), which writes an index that fits.',
  ...REFERENCES,
  cwe: ['CWE-436'],
};

export const shardContentRules: readonly Rule[] = [SHARD_MISSING, TENSORS_DIFFER];

/** What an index of weights says that the files of the artifact do not. */
export interface ShardFault {
  /** The path of the index. */
  readonly file: string;
  readonly rule: Rule;
  readonly message: string;
  readonly subject: string;
}

/** CWE-770: faults of one index. */
const MAX_FAULTS = 20;
const SHOWN = 3;

/** Compares each index of weights with the headers of the files that it names. Torch's files list no tensors in a header. */
export function shardFaults(files: readonly CodeFile[]): ShardFault[] {
  const paths = new Set(files.map(({ path }) => path));
  const held = new Map(files.flatMap(({ path, code }) => heldBy(code).map((tensors) => [path, tensors] as const)));
  return files.flatMap(({ path, code }) =>
    code.flatMap(({ member, fact }) =>
      member === undefined && fact.kind === 'shards' ? faultsOf(path, fact, paths, held) : [],
    ),
  );
}

function heldBy(code: CodeFile['code']): TensorNames[] {
  return code.flatMap(({ member, fact }) => (member === undefined && fact.kind === 'tensors' ? [fact.tensors] : []));
}

function faultsOf(
  index: string,
  { files }: ShardsFact,
  paths: ReadonlySet<string>,
  held: ReadonlyMap<string, TensorNames>,
): ShardFault[] {
  const faults: ShardFault[] = [];
  const missing: string[] = [];
  for (const { path, tensors } of files) {
    const place = posix.normalize(posix.join(posix.dirname(index), path));
    const own = held.get(place);
    if (!paths.has(place)) missing.push(path);
    else if (own !== undefined && own.digest !== tensors.digest && faults.length < MAX_FAULTS)
      faults.push({
        file: index,
        rule: TENSORS_DIFFER,
        message: `The index and ${quotedName(path)} list other tensors: ${difference(tensors, own)}.`,
        subject: path,
      });
  }
  const [first] = missing;
  if (first === undefined) return faults;
  const others = missing.length === 1 ? '' : ` and ${missing.length - 1} more`;
  const message = `The index names ${quotedName(first)}${others}, not in the artifact.`;
  return [...faults, { file: index, rule: SHARD_MISSING, message, subject: first }];
}

function difference(index: TensorNames, file: TensorNames): string {
  const counts = `the index ${index.count}, the file ${file.count}`;
  if (index.names === null || file.names === null) return counts;
  const parts = [
    ['only the file has', except(file.names, index.names)],
    ['only the index has', except(index.names, file.names)],
  ] as const;
  return [counts, ...parts.flatMap(([what, names]) => (names.length === 0 ? [] : [`${what} ${someOf(names)}`]))].join(
    '; ',
  );
}

function except(names: readonly string[], others: readonly string[]): string[] {
  const known = new Set(others);
  return names.filter((name) => !known.has(name));
}

function someOf(names: readonly string[]): string {
  const more = names.length > SHOWN ? ` and ${names.length - SHOWN} more` : '';
  return `${names
    .slice(0, SHOWN)
    .map((name) => quotedName(name.slice(0, 200)))
    .join(', ')}${more}`;
}
