import { constants, lstatSync, realpathSync, statSync } from 'node:fs';
import { access, readFile } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { AssayError, parseBoundedJson } from '../../core/index.ts';
import { parseReference } from '../../core/reference/index.ts';
import { currentSnapshot, isRepoFolder } from '../../sources/hub-cache/index.ts';
import { SIGNATURE_NAME } from '../signature/index.ts';

/** The signed path, and the place of the signature. */
export interface SigningPlace {
  /** The folder or the file. */
  readonly path: string;
  /** Of the statement. */
  readonly name: string;
  readonly single: boolean;
  readonly signature: string;
  /** The signature is where verifiers look for it. */
  readonly usual: boolean;
  /** The path of the signature within the folder, when it lies there. */
  readonly within: string | undefined;
}

const BUNDLE = /^application\/vnd\.dev\.sigstore\.bundle/;

/**
 * The path of a reference. Only files on this machine can be signed; for a Hub cache, its current snapshot.
 * @throws AssayError `usage`, `not-found`
 */
export function localPath(artifact: string): string {
  const reference = parseReference(artifact);
  if (reference.kind !== 'path') {
    const first = reference.kind === 'hf' ? `assay pull ${artifact}` : 'download it';
    throw new AssayError('usage', 'only what is on this machine can be signed', {
      subject: artifact,
      hint: `${first}, then sign the folder`,
    });
  }
  const { path } = reference;
  if (!isRepoFolder(path)) return path;
  const current = currentSnapshot(path);
  if (current !== undefined) return current.folder;
  throw new AssayError('not-found', 'this cache of a model contains no snapshot of its main branch', {
    subject: path,
    hint: 'give one of the folders in its snapshots/ folder',
  });
}

/**
 * The place of the signature of a path; checks before any other work whether it can be written there.
 * @param path that could be opened
 * @throws AssayError `usage`, `unreadable`
 */
export async function signingPlace(path: string, signature: string | undefined): Promise<SigningPlace> {
  const single = !statSync(path).isDirectory();
  const usual = single ? `${path}.sig` : join(path, SIGNATURE_NAME);
  const chosen = signature ?? usual;
  await checkSignature(chosen);
  return {
    path,
    name: basename(resolve(path)),
    single,
    signature: chosen,
    usual: resolve(chosen) === resolve(usual),
    within: single ? undefined : pathWithin(path, chosen),
  };
}

/**
 * A file or folder of the model that is to be left out, as a statement names it.
 * @throws AssayError `usage`
 */
export function ignoredPath({ path, single }: SigningPlace, text: string): string {
  const usage = (message: string, hint: string) =>
    new AssayError('usage', message, { subject: `--ignore ${text}`, hint });
  if (single) throw usage('is a single file, so --ignore does not apply', 'leave out the option');
  const within = pathWithin(path, isAbsolute(text) ? text : join(path, text));
  if (within === '') throw usage('is the whole model', 'give a file or a folder of it');
  if (within === undefined) throw usage('is not within the model', 'give a path relative to its folder');
  if (lstatSync(join(path, within), { throwIfNoEntry: false }) !== undefined) return within;
  const meant = pathWithin(path, resolve(text)) ?? '';
  const hint = meant === '' ? 'check the path, which is relative to the folder' : `did you mean ${meant}?`;
  throw usage('the model has no such file or folder', hint);
}

/** Only an earlier signature is replaced. */
async function checkSignature(path: string): Promise<void> {
  const subject = `--signature ${path}`;
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat?.isSymbolicLink() === true) {
    const hint = 'name the target of the link, or remove it';
    throw new AssayError('usage', 'is a symbolic link', { subject, hint });
  }
  if (stat?.isFile() === true && !(await isSignature(path))) {
    throw new AssayError('usage', 'exists, but is not a signature', { subject, hint: 'name another file' });
  }
  const folder = dirname(path);
  if (statSync(folder, { throwIfNoEntry: false }) === undefined) return;
  await access(folder, constants.W_OK).catch((cause: unknown) => {
    const hint = 'grant write permission, or name another file with --signature';
    throw new AssayError('unreadable', `${folder} is not writable`, { subject, hint, cause });
  });
}

async function isSignature(path: string): Promise<boolean> {
  try {
    const json = parseBoundedJson(await readFile(path), path);
    return typeof json === 'object' && json !== null && 'mediaType' in json && BUNDLE.test(String(json.mediaType));
  } catch {
    return false;
  }
}

/** Empty for the folder itself; `undefined` for a path outside of it. */
export function pathWithin(folder: string, path: string): string | undefined {
  const within = relative(real(folder), join(real(dirname(path)), basename(path)));
  const outside = within === '..' || within.startsWith(`..${sep}`) || isAbsolute(within);
  return outside ? undefined : within.split(sep).join('/');
}

function real(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return resolve(path);
  }
}
