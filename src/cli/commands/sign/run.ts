import { type Artifact, type OnEvent, throwIfAborted } from '../../../core/index.ts';
import {
  localPath,
  pathWithin,
  prepareSigning,
  type SigningPlace,
  signPrepared,
} from '../../../pipeline/sign/index.ts';
import { openArtifact } from '../../../sources/index.ts';
import { type SigningWay, signedReport, signingWay, uncoveredWarning } from '../../signing/index.ts';
import { openSink, Progress, type Shell } from '../../terminal/index.ts';
import type { SignRequest } from './request.ts';

const KEY_WITHIN =
  'assay: warning: the private key lies within the model: everybody who gets the model gets the key; move the key, and sign again\n';

/** Hashes every file of a model, signs what they are, and writes the signature: whole, or nothing. */
export async function runSign(request: SignRequest, shell: Shell): Promise<void> {
  const path = localPath(request.artifact);
  const way = await signingWay(request, shell);
  const progress = new Progress(shell, !request.quiet);
  try {
    const options = { signal: shell.signal, onEvent: progress.onEvent, offline: true, everything: true };
    const artifact = await openArtifact(path, options);
    try {
      const report = await sign(artifact, way, request, shell, progress.onEvent);
      progress.end();
      if (!request.quiet) shell.stdout.write(report);
    } finally {
      await artifact.close();
    }
  } finally {
    progress.end();
    await way.close();
  }
}

/** @returns what was signed, for people */
async function sign(
  artifact: Artifact,
  way: SigningWay,
  request: SignRequest,
  shell: Shell,
  onEvent: OnEvent,
): Promise<string> {
  const prepared = await prepareSigning(artifact, request);
  const { place, uncovered } = prepared;
  const sink = await openSink(place.signature, shell, '--signature');
  if (uncovered.length > 0) shell.stderr.write(uncoveredWarning(uncovered));
  if (holdsKey(place, request)) shell.stderr.write(KEY_WITHIN);
  const signed = await signPrepared(prepared, artifact, way.signer, { signal: shell.signal, onEvent });
  throwIfAborted(shell.signal);
  sink.write(signed.text);
  await sink.commit();
  return signedReport(signed, request.artifact, way);
}

/** Recipients of the model would get the key, too. */
function holdsKey({ path, single }: SigningPlace, { method }: SignRequest): boolean {
  if (single || method.kind === 'keyless' || !('file' in method.privateKey)) return false;
  return pathWithin(path, method.privateKey.file) !== undefined;
}
