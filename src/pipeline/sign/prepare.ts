import { lstatSync } from 'node:fs';
import { join } from 'node:path';
import { type Artifact, type ArtifactFile, AssayError } from '../../core/index.ts';
import type { HashAlgorithm } from '../../integrity/hash/index.ts';
import { coverageOf, type SignatureCoverage } from '../../integrity/sign/index.ts';
import { ignoredPath, type SigningPlace, signingPlace } from './place.ts';

export interface SigningOptions {
  /** Where the signature goes; when absent, `model.sig` in the folder, or `<file>.sig` beside a single file. */
  readonly signature?: string;
  /** Files and folders of the model that are left out. */
  readonly ignore: readonly string[];
  readonly hash: HashAlgorithm;
  /** Whether links to files of the folder are followed. */
  readonly allowSymlinks: boolean;
  /** Whether `.github`, `.gitattributes` and `.gitignore` are signed, too. */
  readonly coverAll: boolean;
}

/** A model that can be signed, and what the signature will cover. */
export interface PreparedSigning extends SignatureCoverage<ArtifactFile> {
  readonly place: SigningPlace;
  readonly hash: HashAlgorithm;
  readonly allowSymlinks: boolean;
}

/**
 * Checks before anything is hashed whether a model can be signed and its signature written.
 * @param artifact of this machine, opened with `everything`
 * @throws AssayError `usage`, `unreadable`
 */
export async function prepareSigning(artifact: Artifact, options: SigningOptions): Promise<PreparedSigning> {
  const place = await signingPlace(artifact.ref, options.signature);
  const coverage = coverageOf(artifact.files, {
    ignore: options.ignore.map((text) => ignoredPath(place, text)),
    everything: options.coverAll,
    ...(place.within === undefined ? {} : { signature: place.within }),
  });
  const links = await checkFiles(coverage.covered, place, options);
  return { ...coverage, place, hash: options.hash, allowSymlinks: options.allowSymlinks || links };
}

/**
 * Checks whether the files can be signed, so that an error comes before they are hashed.
 * @returns whether one of them is a link
 * @throws AssayError `usage`, `unreadable`
 */
async function checkFiles(
  files: readonly ArtifactFile[],
  { path: root, single }: SigningPlace,
  { allowSymlinks }: SigningOptions,
): Promise<boolean> {
  if (files.length === 0) {
    const hint = 'give a folder with files that the signature can cover';
    throw new AssayError('usage', 'there is no file to sign', { subject: root, hint });
  }
  const links = files.map((file) => (single ? linkAt(root, file) : file.link));
  const stray = files.find((_, at) => links[at] === 'within');
  if (stray !== undefined && !allowSymlinks) {
    throw new AssayError('usage', 'is a symbolic link', {
      subject: stray.path,
      hint: 'replace it with its file, or give --allow-symlinks',
    });
  }
  if (!single) checkFolders(files, root);
  // An unreadable file is listed without a size.
  for (const file of files) if (file.size === 0) await (await file.open()).close();
  return links.some((link) => link !== undefined);
}

/** How a single file that was named itself was reached. */
function linkAt(path: string, { claimed }: ArtifactFile): ArtifactFile['link'] {
  if (!lstatSync(path).isSymbolicLink()) return undefined;
  return claimed === undefined ? 'within' : 'hub-cache';
}

/** Other verifiers do not follow links to folders, and would miss the files behind. */
function checkFolders(files: readonly ArtifactFile[], root: string): void {
  const folders = new Set<string>();
  for (const { path } of files) {
    for (let at = path.lastIndexOf('/'); at > 0; at = path.lastIndexOf('/', at - 1)) {
      const folder = path.slice(0, at);
      if (folders.has(folder)) break;
      folders.add(folder);
    }
  }
  const link = [...folders].find((folder) => lstatSync(join(root, folder)).isSymbolicLink());
  if (link === undefined) return;
  throw new AssayError('usage', 'is a symbolic link to a folder', {
    subject: link,
    hint: `replace it with the folder, or exclude it with --ignore ${link}`,
  });
}
