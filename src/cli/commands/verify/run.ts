import { type Artifact, AssayError, type OnEvent } from '../../../core/index.ts';
import { SHA256_PLAN, treeDigest } from '../../../integrity/hash/index.ts';
import {
  type DigestedFile,
  digestArtifact,
  judgeSignature,
  openSignature,
  SIGNATURE_NAME,
  sha256Of,
} from '../../../pipeline/index.ts';
import { renderVerification, renderVerificationJson, type Verification } from '../../../report/index.ts';
import { openArtifact } from '../../../sources/index.ts';
import { readTrusts, refuseWaiversFrom, trustFiles } from '../../judging/index.ts';
import { openSink, Progress, type Shell, wantsColor, widthOf } from '../../terminal/index.ts';
import type { VerifyFlags } from './request.ts';

/** Hashes an artifact, compares it with its signature, and reports. */
export async function runVerify(ref: string, flags: VerifyFlags, shell: Shell): Promise<void> {
  const sink = await openSink(flags.output, shell);
  const progress = new Progress(shell, !flags.quiet);
  try {
    const verification = await verify(ref, flags, shell, progress.onEvent);
    progress.end();
    const { status, covered } = verification.signature;
    // A signature of nothing is part of every model.
    const holds = status === 'verified' || (status === 'partial' && flags.allowPartial && covered > 0);
    if (!holds || !flags.quiet || flags.output !== undefined) {
      sink.write(render(verification, flags, shell));
      await sink.commit();
    }
    shell.exit(holds ? 0 : 1);
  } finally {
    progress.end();
  }
}

async function verify(ref: string, flags: VerifyFlags, shell: Shell, onEvent: OnEvent): Promise<Verification> {
  const started = performance.now();
  const trusts = await readTrusts(flags, shell.env);
  await refuseWaiversFrom(ref, await trustFiles(flags, shell.env), shell.env);
  const options = { signal: shell.signal, onEvent, offline: flags.offline, everything: true };
  const artifact = await openArtifact(ref, options);
  try {
    const opened = await openSignature(artifact, { path: flags.signature, trusts });
    if (opened === undefined) throw noSignature(artifact);
    const plans = opened.plan.algorithm === 'sha256' && opened.plan.shardSize === undefined ? [] : [opened.plan];
    const files = await digestArtifact(artifact, [SHA256_PLAN, ...plans], options);
    const signature = await judgeSignature(opened, artifact, files);
    const { pinned } = artifact;
    return {
      artifact: { ref: artifact.ref, pinned, digest: treeDigest(files.map(hashed)) },
      signature,
      files: files.length,
      bytes: files.reduce((sum, { size }) => sum + size, 0),
      durationMs: performance.now() - started,
    };
  } finally {
    await artifact.close();
  }
}

function hashed(file: DigestedFile) {
  return { path: file.path, size: file.size, sha256: sha256Of(file) };
}

function noSignature({ ref, files }: Artifact): AssayError {
  const others = files.filter(({ path }) => /\.sig(?:store(?:\.json)?)?$|\.sigstore$/.test(path)).slice(0, 3);
  const like = others.length === 0 ? '' : `; there is ${others.map(({ path }) => path).join(', ')}`;
  return new AssayError('not-found', `has no signature: no ${SIGNATURE_NAME} in it, no .sig beside it`, {
    subject: ref,
    hint: `name it with --signature${like}`,
  });
}

function render(verification: Verification, flags: VerifyFlags, shell: Shell): string {
  if (flags.format === 'json') return renderVerificationJson(verification);
  return renderVerification(verification, {
    width: flags.output === undefined ? widthOf(shell.stdout) : widthOf({ write: () => true }),
    color: flags.output === undefined && wantsColor(shell.stdout, shell.env, flags.color),
    verbose: flags.verbose,
  });
}
