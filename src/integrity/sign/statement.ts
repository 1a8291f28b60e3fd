import { createHash } from 'node:crypto';
import type { HashAlgorithm } from '../hash/index.ts';

export interface StatementInput {
  /** Of the folder or the file: informational. */
  readonly name: string;
  readonly algorithm: HashAlgorithm;
  readonly allowSymlinks: boolean;
  readonly ignorePaths: readonly string[];
  /** At least one. `.` is the path of a model that is a single file. */
  readonly files: readonly { readonly path: string; readonly digest: string }[];
}

export interface ModelStatement {
  /** The bytes to sign. */
  readonly payload: Buffer;
  /** Hex. */
  readonly rootDigest: string;
}

/**
 * The OMS v1.0 statement about a model (https://github.com/ossf/model-signing-spec), as the reference implementation writes it:
 * an
 * in-toto statement whose one subject is the SHA-256 over the raw digests of the files, ordered by the parts of their paths.
 */
export function modelStatement(input: StatementInput): ModelStatement {
  const resources = inReferenceOrder(input.files).map(({ path, digest }) => ({
    name: path,
    algorithm: input.algorithm,
    digest,
  }));
  const root = createHash('sha256');
  for (const { digest } of resources) root.update(digest, 'hex');
  const rootDigest = root.digest('hex');
  const statement = {
    _type: 'https://in-toto.io/Statement/v1',
    subject: [{ name: input.name, digest: { sha256: rootDigest } }],
    predicateType: 'https://model_signing/signature/v1.0',
    predicate: {
      serialization: {
        method: 'files',
        hash_type: input.algorithm,
        allow_symlinks: input.allowSymlinks,
        ignore_paths: input.ignorePaths,
      },
      resources,
    },
  };
  return { payload: Buffer.from(JSON.stringify(statement, null, 2)), rootDigest };
}

/** By path, part by part, each by code point: `sub/b` before `sub.txt`. No name holds a NUL, which sorts before all else. */
function inReferenceOrder<File extends { readonly path: string }>(files: readonly File[]): readonly File[] {
  return files
    .map((file) => ({ file, key: Buffer.from(file.path.replaceAll('/', '\0')) }))
    .sort((a, b) => Buffer.compare(a.key, b.key))
    .map(({ file }) => file);
}
