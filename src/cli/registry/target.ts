import { existsSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import type { RegistryClient } from '../../client/index.ts';
import { AssayError } from '../../core/index.ts';
import { parseReference } from '../../core/reference/index.ts';
import { SHA256_PLAN, treeDigest } from '../../integrity/hash/index.ts';
import { digestArtifact, sha256Of } from '../../pipeline/index.ts';
import type { DecisionQuery, Version, VersionName } from '../../registry/index.ts';
import { openArtifact } from '../../sources/index.ts';
import { Progress, type Shell } from '../terminal/index.ts';

/** The meaning of `<artifact>`. */
export type RegistryTarget =
  | { readonly kind: 'version'; readonly name: VersionName }
  | { readonly kind: 'digest'; readonly digest: string }
  | { readonly kind: 'artifact'; readonly ref: string };

export interface TargetOptions {
  /** Of several models that have the same bytes. */
  readonly model: string | undefined;
  readonly quiet: boolean;
  readonly offline: boolean;
}

const DIGEST = /^sha256:[0-9a-f]{64}$/;
const VERSION = /^([A-Za-z0-9._-]+(?:\/[A-Za-z0-9._-]+)*)@([A-Za-z0-9][A-Za-z0-9._:-]*)$/;
const FORMS = 'a path that exists, a reference such as hf://owner/model, model@number, model@alias, or sha256:...';

/** @throws AssayError `usage` for an invalid reference, `not-found` for an ambiguous text */
export function targetOf(text: string): RegistryTarget {
  if (DIGEST.test(text)) return { kind: 'digest', digest: text };
  if (parseReference(text).kind !== 'path' || existsSync(text)) return { kind: 'artifact', ref: text };
  const [, model, which] = VERSION.exec(text) ?? [];
  if (model !== undefined && which !== undefined) return { kind: 'version', name: versionName(model, which) };
  throw new AssayError('not-found', 'is not a path that exists, and no version', {
    subject: text,
    hint: `give ${FORMS}`,
  });
}

/** `3`, `sha256:...`, else an alias. */
export function versionName(model: string, which: string): VersionName {
  if (/^[1-9]\d{0,9}$/.test(which)) return { model, number: Number(which) };
  return DIGEST.test(which) ? { model, digest: which } : { model, alias: which };
}

/**
 * The version that is meant. A path is hashed; a reference is opened for the version that it is pinned to. Nothing is judged.
 * @throws AssayError `not-found` for bytes that the registry does not know, `usage` when several models have them; RegistryError
 */
export async function knownVersion(
  registry: RegistryClient,
  text: string,
  options: TargetOptions,
  shell: Shell,
): Promise<Version> {
  const target = targetOf(text);
  if (target.kind === 'version') return registry.version(target.name);
  const query = target.kind === 'digest' ? { digest: target.digest } : await queryOf(target.ref, options, shell);
  const found = onlyVersion(await registry.versionsOf(query), text, options.model);
  if (found !== undefined) return found;
  const hint = 'assay models lists the known models; assay approve and assay promote register';
  throw new AssayError('not-found', `${registry.name} does not know it`, { subject: text, hint });
}

/** The only one, or that of the model that was named. */
export function onlyVersion(
  versions: readonly Version[],
  subject: string,
  model: string | undefined,
  likely?: string,
): Version | undefined {
  const [first, ...others] = versions;
  if (model !== undefined) return versions.find((version) => version.model === model);
  if (others.length === 0) return first;
  const meant = versions.find((version) => version.model === likely);
  if (meant !== undefined) return meant;
  const names = versions.map(({ model, number }) => `${model}@${number}`).join(', ');
  throw new AssayError('usage', `several models have these bytes: ${names}`, { subject, hint: 'give one of them' });
}

/** The key of bytes: the digest of a path, the pinned reference of anything else. */
export async function queryOf(
  ref: string,
  { quiet, offline }: Pick<TargetOptions, 'quiet' | 'offline'>,
  shell: Shell,
): Promise<DecisionQuery> {
  const progress = new Progress(shell, !quiet);
  const options = { signal: shell.signal, onEvent: progress.onEvent, offline };
  try {
    const artifact = await openArtifact(ref, options);
    try {
      // The name of a path does not identify its bytes.
      if (parseReference(artifact.pinned).kind !== 'path') return { ref: artifact.pinned };
      const files = await digestArtifact(artifact, [SHA256_PLAN], options);
      return {
        digest: treeDigest(files.map((file) => ({ path: file.path, size: file.size, sha256: sha256Of(file) }))),
      };
    } finally {
      await artifact.close();
    }
  } finally {
    progress.end();
  }
}

/** The name under which a reference is registered when nobody says another. @throws AssayError `usage` */
export function modelNameOf(ref: string): string {
  const reference = parseReference(ref);
  const name =
    reference.kind === 'hf'
      ? reference.repo
      : basename(reference.kind === 'path' ? resolve(reference.path) : ref.replace(/[@?#].*$/, '').replace(/\/+$/, ''));
  const plain = name.replace(/[^A-Za-z0-9._/-]+/g, '-').replace(/^[-.]+|[-.]+$/g, '');
  if (plain !== '' && plain.length <= 200) return plain;
  throw new AssayError('usage', 'gives no name to the model', { subject: ref, hint: 'name it with --model' });
}
