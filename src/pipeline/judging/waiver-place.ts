import { readlink, realpath } from 'node:fs/promises';
import { basename, dirname, join, resolve, sep } from 'node:path';
import { AssayError } from '../../core/index.ts';
import { parseReference } from '../../core/reference/index.ts';
import { SHIPPED_POLICIES } from '../../policy/index.ts';
import { repoFolder, snapshotAt } from '../../sources/hub-cache/index.ts';
import type { GivenEvidence } from '../evaluate/index.ts';
import type { TrustChoice } from './choice.ts';

/** Other places that a waiver may come from. */
interface Configuration {
  readonly policy: string;
  readonly allow?: string | undefined;
  readonly trust: TrustChoice;
}

/** A file of waivers or of trusted signers, and the option that names it. */
export interface WaiverFile {
  readonly option: string;
  readonly path: string;
}

/** Links that are followed to the end of a path: as many as Linux does. */
const MAX_LINKS = 40;

/** Every file of waivers that the choice and the environment name. A policy may be a name, which is not a file. */
export async function waiverFiles(
  configuration: Configuration,
  given: GivenEvidence,
  env: NodeJS.ProcessEnv,
): Promise<WaiverFile[]> {
  const { policy, allow, trust } = configuration;
  const waivers = given.files.map((path) => ({ option: '--waivers', path }));
  const others = [
    { option: '--policy', path: SHIPPED_POLICIES.some(({ name }) => name === policy) ? '' : policy },
    { option: '--allow', path: allow ?? '' },
  ];
  return [...waivers, ...others.filter(({ path }) => path !== ''), ...(await trustFiles(trust, env))];
}

/** Every file of trusted signers, including those that a trust file names. */
export async function trustFiles(flags: TrustChoice, env: NodeJS.ProcessEnv): Promise<WaiverFile[]> {
  const trust = flags.trust ?? env.ASSAY_TRUST ?? '';
  const named = [
    { option: '--trust', path: trust },
    { option: '--public-key', path: flags.publicKey ?? '' },
    { option: '--certificate-chain', path: flags.certificateChain ?? '' },
    { option: '--trusted-root', path: flags.trustedRoot ?? '' },
  ].filter(({ path }) => path !== '');
  if (trust === '') return named;
  const { filesNamedIn } = await import('../../integrity/trust-file/index.ts');
  return [...named, ...(await filesNamedIn(trust)).map((path) => ({ option: `--trust ${trust}, which names`, path }))];
}

/**
 * A waiver must not come from the artifact that it waives, and a model must not name its trusted signers: an attacker who
 * writes the model could write these files, too. A Hub cache is treated as a whole: the targets of links in a snapshot belong
 * to the model.
 * @throws AssayError `usage`
 */
export async function refuseWaiversFrom(
  ref: string,
  files: readonly WaiverFile[],
  env: NodeJS.ProcessEnv,
): Promise<void> {
  if (files.length === 0) return;
  const roots = await rootsOf(ref, env);
  if (roots.length === 0) return;
  for (const { option, path } of files) {
    const places = await placesOf(path);
    if (!places.some((place) => roots.some((root) => place === root || place.startsWith(endedBySlash(root))))) continue;
    throw new AssayError('usage', 'is inside the model, but a waiver must not come from the model itself', {
      subject: `${option} ${path}`,
      hint: 'keep it outside of the model',
    });
  }
}

/** The folders, or the file, of this machine that a reference may be read from. */
async function rootsOf(ref: string, env: NodeJS.ProcessEnv): Promise<string[]> {
  const reference = parseReference(ref, env.HF_ENDPOINT);
  if (reference.kind === 'hf') {
    const { hubSettings } = await import('../../sources/hub-cache/index.ts');
    return placesOf(repoFolder(hubSettings(env).cacheFolder, reference.repo));
  }
  if (reference.kind !== 'path') return [];
  const places = await placesOf(reference.path);
  const caches = places.flatMap((place) => snapshotAt(place)?.folder ?? []).map((folder) => dirname(dirname(folder)));
  return [...places, ...caches];
}

/**
 * All places to which a path leads, link by link, beginning with the path as written: a change of any of these places changes
 * the content that is read.
 */
async function placesOf(path: string): Promise<string[]> {
  const places = [resolve(path)];
  try {
    let at = resolve(path);
    for (let links = 0; links < MAX_LINKS; links++) {
      const folder = await realpath(dirname(at));
      const place = join(folder, basename(at));
      places.push(place);
      const target = await readlink(place).catch(() => undefined);
      if (target === undefined) break;
      at = resolve(folder, target);
      places.push(at);
    }
    places.push(await realpath(path));
  } catch {
    // The reader reports a file that does not exist.
  }
  return places;
}

function endedBySlash(folder: string): string {
  return folder.endsWith(sep) ? folder : `${folder}${sep}`;
}
