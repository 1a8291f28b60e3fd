import { createHash } from 'node:crypto';

/** The names of the tensors in one file, without order. */
export interface TensorNames {
  readonly count: number;
  /** Hexadecimal SHA-256 over the sorted names. */
  readonly digest: string;
  /** Sorted; `null` where they are too long to be kept for each file of an artifact. */
  readonly names: readonly string[] | null;
}

/** The tensors that a file holds. */
export interface TensorsFact {
  readonly kind: 'tensors';
  readonly tensors: TensorNames;
}

/** The files of a model's tensors, by the index of the model. */
export interface ShardsFact {
  readonly kind: 'shards';
  /** Each by its path from the folder of the index. */
  readonly files: readonly { readonly path: string; readonly tensors: TensorNames }[];
}

export type TensorFact = TensorsFact | ShardsFact;

/** CWE-770: characters of names that are kept for one file. */
const MAX_KEPT = 16 * 1024;

/** @param names changed: they are sorted in place */
export function tensorNames(names: string[]): TensorNames {
  names.sort();
  const hash = createHash('sha256');
  let length = 0;
  for (const name of names) {
    hash.update(JSON.stringify(name));
    length += name.length;
  }
  return { count: names.length, digest: hash.digest('hex'), names: length <= MAX_KEPT ? names : null };
}
