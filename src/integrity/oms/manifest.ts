import type { HashAlgorithm } from '../hash/index.ts';

/** How the files of a model were cut and hashed for a signature. */
export interface Serialization {
  readonly method: 'files' | 'shards';
  readonly algorithm: HashAlgorithm;
  /** Bytes; for `shards`. */
  readonly shardSize?: number;
  readonly allowSymlinks: boolean;
  /** Paths that the signer left out, relative to the root. */
  readonly ignorePaths: readonly string[];
}

/** One signed resource: a file, or a shard of one. */
export interface Resource {
  /** Path within the model; `.` for a single file in what the reference implementation writes. */
  readonly path: string;
  /** Bytes of the file that a shard covers. */
  readonly range?: { readonly start: number; readonly end: number };
  /** Hex. */
  readonly digest: string;
}

/** The statement of an OMS signature about a model (https://github.com/ossf/model-signing-spec). */
export interface OmsManifest {
  /** Of the statement: `v0.2` has subjects instead of resources. */
  readonly version: 'v1.0' | 'v0.2';
  /** Informational: the name of the folder when it was signed. */
  readonly name: string;
  readonly serialization: Serialization;
  /** In the order in which they were signed. */
  readonly resources: readonly Resource[];
}
