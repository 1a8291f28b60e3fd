import { lstatSync } from 'node:fs';
import { join } from 'node:path';
import { type Artifact, type ArtifactFile, AssayError, type OnEvent, throwIfAborted } from '../../../core/index.ts';
import { IN_TOTO_PAYLOAD } from '../../../integrity/envelope/index.ts';
import { wholeDigest } from '../../../integrity/hash/index.ts';
import { coverageOf, modelStatement } from '../../../integrity/sign/index.ts';
import { digestArtifact } from '../../../pipeline/index.ts';
import { openArtifact } from '../../../sources/index.ts';
import {
  ignoredPath,
  localPath,
  pathWithin,
  type Signed,
  type SigningPlace,
  type SigningWay,
  signedReport,
  signingPlace,
  signingWay,
  uncoveredWarning,
} from '../../signing/index.ts';
import { openSink, Progress, type Shell } from '../../terminal/index.ts';
import type { SignRequest } from './request.ts';

const KEY_WITHIN =
  'assay: warning: the private key lies within the model: anybody who gets the model gets the key; move it out, and sign again\n';

/** Hashes every file of a model, signs what they are, and writes the signature: whole, or nothing. */
export async function runSign(request: SignRequest, shell: Shell): Promise<void> {
  const path = localPath(request.artifact);
  const way = await signingWay(request, shell);
  const progress = new Progress(shell, !request.quiet);
  try {
    const options = { signal: shell.signal, onEvent: progress.onEvent, offline: true, everything: true };
    const artifact = await openArtifact(path, options);
    try {
      const signed = await sign(artifact, way, request, shell, progress.onEvent);
      progress.end();
      if (!request.quiet) shell.stdout.write(signedReport(signed, way));
    } finally {
      await artifact.close();
    }
  } finally {
    progress.end();
    await way.close();
  }
}

async function sign(
  artifact: Artifact,
  way: SigningWay,
  request: SignRequest,
  shell: Shell,
  onEvent: OnEvent,
): Promise<Signed> {
  const place = await signingPlace(artifact.ref, request.signature);
  const sink = await openSink(place.signature, shell, '--signature');
  const coverage = coverageOf(artifact.files, {
    ignore: request.ignore.map((text) => ignoredPath(place, text)),
    everything: request.coverAll,
    ...(place.within === undefined ? {} : { signature: place.within }),
  });
  const links = await checkFiles(coverage.covered, place, request);
  if (coverage.uncovered.length > 0) shell.stderr.write(uncoveredWarning(coverage.uncovered));
  if (holdsKey(place, request)) shell.stderr.write(KEY_WITHIN);

  const plan = { algorithm: request.hash };
  const covered = { ref: artifact.ref, files: coverage.covered };
  const digested = await digestArtifact(covered, [plan], { signal: shell.signal, onEvent });
  const statement = modelStatement({
    name: place.name,
    algorithm: request.hash,
    allowSymlinks: request.allowSymlinks || links,
    ignorePaths: coverage.ignorePaths,
    files: digested.map(({ path, digests }) => ({
      path: place.single ? '.' : path,
      digest: wholeDigest(digests, request.hash) ?? missing(path),
    })),
  });
  const bundle = await way.signer.sign(IN_TOTO_PAYLOAD, statement.payload);
  throwIfAborted(shell.signal);
  sink.write(JSON.stringify(bundle));
  await sink.commit();
  return {
    place,
    artifact: request.artifact,
    files: digested.length,
    bytes: digested.reduce((sum, { size }) => sum + size, 0),
    hash: request.hash,
    rootDigest: statement.rootDigest,
    ignored: coverage.ignored.length,
    uncovered: coverage.uncovered.length,
  };
}

/**
 * Whether the files can be signed at all, so that it is said before they are hashed.
 * @returns whether one of them is a link
 * @throws AssayError `usage`, `unreadable`
 */
async function checkFiles(
  files: readonly ArtifactFile[],
  { path: root, single }: SigningPlace,
  { allowSymlinks }: SignRequest,
): Promise<boolean> {
  if (files.length === 0) {
    const hint = 'give a folder that holds more than its signature and what is left out';
    throw new AssayError('usage', 'there is no file to sign', { subject: root, hint });
  }
  const links = files.map((file) => (single ? linkAt(root, file) : file.link));
  const stray = files.find((_, at) => links[at] === 'within');
  if (stray !== undefined && !allowSymlinks) {
    throw new AssayError('usage', 'is a symbolic link', {
      subject: stray.path,
      hint: 'replace it by its file, or give --allow-symlinks',
    });
  }
  if (!single) checkFolders(files, root);
  // What cannot be read at all is listed without a size.
  for (const file of files) if (file.size === 0) await (await file.open()).close();
  return links.some((link) => link !== undefined);
}

/** How a file was reached that was named itself. */
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
    hint: `replace it by the folder, or leave it out with --ignore ${link}`,
  });
}

/** Whoever gets the model would get the key, too. */
function holdsKey({ path, single }: SigningPlace, { method }: SignRequest): boolean {
  if (single || method.kind === 'keyless' || !('file' in method.privateKey)) return false;
  return pathWithin(path, method.privateKey.file) !== undefined;
}

function missing(path: string): never {
  throw new AssayError('internal', 'was not hashed', { subject: path });
}
