import { createHash } from 'node:crypto';
import { AssayError } from '../../core/index.ts';

/** Digests of one thing by algorithm, hex (https://github.com/in-toto/attestation/blob/main/spec/v1/digest_set.md). */
export type DigestSet = Readonly<Record<string, string>>;

/** https://github.com/in-toto/attestation/blob/main/spec/v1/resource_descriptor.md, as far as statements here use it. */
export interface ResourceDescriptor {
  readonly name?: string;
  readonly uri?: string;
  readonly digest?: DigestSet;
}

/** The subject of a statement, matched by digest alone, not by name. */
export interface Subject extends ResourceDescriptor {
  readonly digest: DigestSet;
}

/** All digests that identify an artifact. Digests are hex without a prefix, but for `tree` and `ociManifest`. */
export interface ArtifactIdentity {
  /** The pinned reference; informational in a statement. */
  readonly pinned?: string;
  /** The canonical tree digest, `sha256:<hex>`. */
  readonly tree: string;
  /** Root digests that an OpenSSF model signature over the same files has, by the order in which it lists them. */
  readonly omsRoots?: { readonly referenceOrder: string; readonly specOrder: string };
  readonly gitCommit?: string;
  /** `sha256:<hex>` */
  readonly ociManifest?: string;
}

/** The digest to look for. */
export interface WantedDigest {
  readonly algorithm: 'sha256' | 'gitCommit';
  readonly hex: string;
}

/** Informational in a statement, for whom no name means anything: the word of the in-toto specification. */
export const NO_NAME = '_';

/**
 * The subjects of a statement about an artifact, so that each reader finds a digest that it supports:
 * 1. the artifact: the pinned reference as name, `sha256` = the canonical tree digest (`treeDigest`: every file's path, size and
 *    SHA-256, sorted and length-framed, hashed);
 * 2. `oms:reference-order` and `oms:spec-order`: `sha256` = the root digest of an OpenSSF model signature over the same files;
 * 3. `git:commit`: `gitCommit`;
 * 4. `oci:manifest`: `sha256` of the manifest's bytes.
 * One algorithm a subject: in-toto matches a digest set when any digest of it matches, so two meanings never share one set.
 */
export function subjectsOf(artifact: ArtifactIdentity): Subject[] {
  const { omsRoots, gitCommit, ociManifest } = artifact;
  const subjects = [{ name: artifact.pinned ?? NO_NAME, digest: { sha256: hexOf(artifact.tree) } }];
  const more: (Subject | undefined)[] = [
    omsRoots && { name: 'oms:reference-order', digest: { sha256: omsRoots.referenceOrder } },
    omsRoots && { name: 'oms:spec-order', digest: { sha256: omsRoots.specOrder } },
    gitCommit === undefined ? undefined : { name: 'git:commit', digest: { gitCommit } },
    ociManifest === undefined ? undefined : { name: 'oci:manifest', digest: { sha256: hexOf(ociManifest) } },
  ];
  return [...subjects, ...more.filter((subject) => subject !== undefined)];
}

/** A namespace has no bytes: it is known by the digest of its name. */
export function subjectsOfNamespaces(namespaces: readonly string[]): Subject[] {
  return namespaces.map((name) => ({
    name: `namespace/${name}`,
    digest: { sha256: createHash('sha256').update(name).digest('hex') },
  }));
}

/** The list of a baseline. @param templates sorted */
export function subjectOfTemplates(templates: readonly string[]): Subject {
  return { name: 'templates', digest: { sha256: createHash('sha256').update(templates.join('\n')).digest('hex') } };
}

/** Files that stand for themselves, each by its path. @param files with digests of 64 hex digits */
export function subjectsOfFiles(files: readonly { readonly path: string; readonly sha256: string }[]): Subject[] {
  return files.map(({ path, sha256 }) => ({ name: path, digest: { sha256 } }));
}

/**
 * `sha256:<64 hex>` or `gitCommit:<40 or 64 hex>`, in lower case.
 * @throws AssayError `usage`
 */
export function parseDigest(text: string, subject: string): WantedDigest {
  const [, algorithm, hex = ''] = /^(sha256|gitCommit):([0-9a-f]+)$/.exec(text) ?? [];
  if (algorithm === 'sha256' && hex.length === 64) return { algorithm, hex };
  if (algorithm === 'gitCommit' && (hex.length === 40 || hex.length === 64)) return { algorithm, hex };
  throw new AssayError('usage', 'is not a digest', { subject, hint: 'write sha256: and 64 hex digits in lower case' });
}

/** Whether one of the subjects has the wanted digest. */
export function isAbout(subjects: readonly Subject[], wanted: WantedDigest): boolean {
  return subjects.some(
    ({ digest }) => Object.hasOwn(digest, wanted.algorithm) && digest[wanted.algorithm] === wanted.hex,
  );
}

function hexOf(digest: string): string {
  return parseDigest(digest, digest).hex;
}
