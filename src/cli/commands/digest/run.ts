import { existsSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setImmediate as yieldToEventLoop } from 'node:timers/promises';
import { type Artifact, type ArtifactFile, AssayError, isAssayError, type OnEvent } from '../../../core/index.ts';
import { type HashPlan, SHA256_PLAN, treeDigest, wholeDigest } from '../../../integrity/hash/index.ts';
import { omsRootsOf } from '../../../integrity/statements/index.ts';
import { type DigestedFile, digestArtifact, sha256Of } from '../../../pipeline/index.ts';
import { count, jsonText, terminalText } from '../../../report/index.ts';
import { openArtifact } from '../../../sources/index.ts';
import { type ExitCode, graver, openSink, Progress, printError, type Shell, type Sink } from '../../terminal/index.ts';
import { checksumLine, isChecksumList } from './checksum-line.ts';
import type { DigestRequest } from './request.ts';

/** One file, as it is printed. */
interface PrintedFile {
  readonly path: string;
  readonly size: number;
  /** Hex, in the algorithm that was asked for; `null` where none is announced. */
  readonly digest: string | null;
  readonly gitSha1?: string;
}

/** One target, hashed or as claimed by the source. */
interface Digests {
  readonly ref: string;
  readonly pinned: string;
  readonly basis: 'computed' | 'claimed';
  /** Of the whole tree; `null` of what was not read. */
  readonly tree: string | null;
  readonly oms?: ReturnType<typeof omsRootsOf>;
  readonly files: readonly PrintedFile[];
  readonly notes: readonly string[];
}

/** Prints the digests of every target, and records the exit code. A target that fails does not stop the others. */
export async function runDigest(request: DigestRequest, shell: Shell): Promise<void> {
  const replacesList = request.output !== undefined && (await isChecksumList(request.output));
  const sink = await openSink(request.output, shell, '--output', replacesList);
  let outcome: ExitCode = 0;
  let done = 0;
  for (const target of request.targets) {
    await yieldToEventLoop();
    try {
      const digests = await digestTarget(target, request, shell);
      print(digests, target, request, sink, shell);
      done++;
    } catch (error) {
      if (!isAssayError(error) || shell.signal.aborted) throw error;
      printError(shell, error);
      // Bytes that are not those announced are an answer, not a failure to get one.
      outcome = graver(outcome, error.code === 'mismatch' ? 1 : 2);
    }
  }
  if (done > 0) await sink.commit();
  shell.exit(outcome);
}

async function digestTarget(target: string, request: DigestRequest, shell: Shell): Promise<Digests> {
  const progress = new Progress(shell, !request.quiet);
  const options = {
    signal: shell.signal,
    onEvent: progress.onEvent,
    offline: request.offline,
    env: shell.env,
    // A signature covers what a scan passes over.
    everything: request.oms,
  };
  try {
    const artifact = await openArtifact(target, options);
    try {
      return request.claimed ? claimedDigests(artifact) : await computedDigests(artifact, request, options);
    } finally {
      await artifact.close();
    }
  } finally {
    progress.end();
  }
}

async function computedDigests(
  artifact: Artifact,
  request: DigestRequest,
  options: { signal: AbortSignal; onEvent: OnEvent },
): Promise<Digests> {
  const plans: HashPlan[] = [SHA256_PLAN, { algorithm: request.algorithm }];
  if (request.git) plans.push({ algorithm: 'git-sha1' });
  const files = await digestArtifact(artifact, plans, options);
  const hashed = files.map((file) => ({ path: file.path, size: file.size, sha256: sha256Of(file) }));
  const oms = request.oms ? omsRootsOf(hashed) : undefined;
  if (request.oms && oms === undefined) {
    throw new AssayError('usage', 'contains no file that a signature would cover', { subject: artifact.ref });
  }
  return {
    ref: artifact.ref,
    pinned: artifact.pinned,
    basis: 'computed',
    tree: treeDigest(hashed),
    ...(oms === undefined ? {} : { oms }),
    files: files.map((file) => printedFile(file, request)),
    notes: artifact.notes,
  };
}

function printedFile(file: DigestedFile, { algorithm, git }: DigestRequest): PrintedFile {
  const digest = wholeDigest(file.digests, algorithm) ?? null;
  const gitSha1 = git ? wholeDigest(file.digests, 'git-sha1') : undefined;
  return { path: file.path, size: file.size, digest, ...(gitSha1 === undefined ? {} : { gitSha1 }) };
}

/** @throws AssayError `usage` when nothing is announced. */
function claimedDigests({ ref, pinned, files, notes }: Artifact): Digests {
  if (files.every(({ claimed }) => claimed === undefined)) {
    throw new AssayError('usage', 'the source claims no digests of these files', {
      subject: ref,
      hint: 'leave out --claimed to compute them',
    });
  }
  return { ref, pinned, basis: 'claimed', tree: null, files: files.map(claimedFile), notes };
}

function claimedFile({ path, size, claimed }: ArtifactFile): PrintedFile {
  const digest = claimed?.algorithm === 'sha256' ? claimed.hex : null;
  return { path, size, digest, ...(claimed?.algorithm === 'git-sha1' ? { gitSha1: claimed.hex } : {}) };
}

function print(digests: Digests, target: string, request: DigestRequest, sink: Sink, shell: Shell): void {
  if (request.format === 'json') sink.write(`${jsonText(toJson(digests, request), 2)}\n`);
  else if (request.format === 'jsonl') sink.write(`${jsonText(toJson(digests, request))}\n`);
  else if (digests.oms !== undefined) sink.write(omsText(digests.oms));
  else if (request.tree) sink.write(`${digests.tree}  ${terminalText(digests.pinned)}\n`);
  else printFiles(digests, target, request, sink, shell);
  if (!request.quiet) for (const note of digests.notes) shell.stderr.write(`note: ${terminalText(note)}\n`);
}

function printFiles(digests: Digests, target: string, request: DigestRequest, sink: Sink, shell: Shell): void {
  const start = request.targets.length > 1 ? prefixOf(digests, target) : '';
  const toTerminal = request.output === undefined && shell.stdout.isTTY === true;
  const known = digests.files.filter(({ digest }) => digest !== null);
  const lines = known.flatMap(({ path, digest }) => {
    // No file can hold its own digest.
    if (digest === null || isOutput(target, path, request)) return [];
    const line = checksumLine(digest, `${start}${path}`);
    return [toTerminal ? `${terminalText(line.slice(0, -1), line.length)}\n` : line];
  });
  sink.write(lines.join(''));
  if (request.quiet) return;
  const left = digests.files.length - known.length;
  if (left > 0) shell.stderr.write(`note: ${count(left, 'file')} claimed by another digest only: use --format json\n`);
  if (digests.tree !== null) shell.stderr.write(`${digests.tree}  ${terminalText(digests.pinned)}\n`);
}

function isOutput(target: string, path: string, { output }: DigestRequest): boolean {
  return output !== undefined && resolve(target, path) === resolve(output);
}

/** What stands before the paths of one target among several, so that each line names its file from here. */
function prefixOf({ pinned, files }: Digests, target: string): string {
  if (!existsSync(target)) return `${pinned}/`;
  const [only] = files;
  if (!statSync(target).isFile() || only === undefined) return join(target, '/');
  return target.slice(0, target.length - only.path.length);
}

function omsText({ referenceOrder, specOrder }: NonNullable<Digests['oms']>): string {
  return `${referenceOrder}  by the parts of paths, as the reference implementation orders them\n${specOrder}  by whole paths, as the specification orders them\n`;
}

/** An unknown value is `null`; `git-sha1` and the roots of OMS are there when they were asked for. */
function toJson({ ref, pinned, basis, tree, oms, files }: Digests, { algorithm }: DigestRequest) {
  return {
    schemaVersion: '1',
    ref,
    pinned,
    digest: tree,
    ...(oms === undefined ? {} : { oms }),
    files: files.map(({ path, size, digest, gitSha1 }) => ({
      path,
      size,
      [algorithm]: digest,
      ...(gitSha1 === undefined ? {} : { gitSha1 }),
      digestBasis: digest === null && gitSha1 === undefined ? 'none' : basis,
    })),
  };
}
