import { statSync } from 'node:fs';
import { basename } from 'node:path';
import { FileSource } from '../../../core/bytes/index.ts';
import { type Artifact, type ArtifactFile, AssayError, isAssayError } from '../../../core/index.ts';
import {
  ALGORITHM_TITLES,
  type ComparedClaim,
  isWeak,
  type ManifestClaim,
  type ManifestEntry,
  manifestClaims,
  manifestKind,
  maxManifestBytes,
  readManifest,
} from '../../../integrity/manifests/index.ts';
import { compareManifest, type ManifestComparison } from '../../../pipeline/index.ts';
import { count, jsonText, terminalText } from '../../../report/index.ts';
import { openArtifact } from '../../../sources/index.ts';
import { type ExitCode, openSink, Progress, printError, type Shell } from '../../terminal/index.ts';
import type { DigestRequest } from './request.ts';

interface CheckRequest extends DigestRequest {
  readonly target: string;
  readonly check: string;
}

interface Checked extends ManifestComparison {
  readonly ref: string;
  readonly pinned: string;
}

const MAX_NAMED = 3;

/** Compares a target with a manifest, says what agrees, and records the exit code. */
export async function runDigestCheck(request: CheckRequest, shell: Shell): Promise<void> {
  const sink = await openSink(request.output, shell);
  const entries = await readEntries(request.check);
  let checked: Checked;
  try {
    checked = await check(request, entries, shell);
  } catch (error) {
    if (!isAssayError(error) || error.code !== 'mismatch') throw error;
    // Other bytes than the source itself announces: an answer, not a failure to get one.
    printError(shell, error);
    shell.exit(1);
    return;
  }
  const outcome = exitCodeOf(checked);
  if (request.format === 'text') {
    for (const one of checked.compared)
      if (!request.quiet || one.outcome !== 'kept') sink.write(`${terminalText(one.claim.path)}: ${wordOf(one)}\n`);
  } else {
    sink.write(`${jsonText(toJson(checked, request, outcome), request.format === 'json' ? 2 : undefined)}\n`);
  }
  await sink.commit();
  for (const line of remarks(checked, request)) shell.stderr.write(line);
  shell.exit(outcome);
}

async function readEntries(path: string): Promise<ManifestEntry[]> {
  const kind = manifestKind(basename(path)) ?? { kind: 'checksums' };
  const source = FileSource.open(path);
  try {
    if (source.size > maxManifestBytes(kind)) {
      throw new AssayError('limit', `has more than ${maxManifestBytes(kind)} bytes`, {
        subject: path,
        hint: 'check that it is the manifest',
      });
    }
    const entries = await readManifest(kind, await source.read(0, source.size), path);
    if (entries.length > 0) return entries;
    throw new AssayError('malformed', 'does not contain a digest', {
      subject: path,
      hint: 'check that it is the manifest',
    });
  } finally {
    await source.close();
  }
}

async function check(request: CheckRequest, entries: readonly ManifestEntry[], shell: Shell): Promise<Checked> {
  const progress = new Progress(shell, !request.quiet);
  const options = { signal: shell.signal, onEvent: progress.onEvent, offline: request.offline, env: shell.env };
  try {
    const artifact = await openArtifact(request.target, options);
    try {
      const claims = claimsOf(entries, artifact, request);
      return { ref: artifact.ref, pinned: artifact.pinned, ...(await compareManifest(artifact, claims, options)) };
    } finally {
      await artifact.close();
    }
  } finally {
    progress.end();
  }
}

/** Of a folder, all that is announced; of a single file, what is announced of it. */
function claimsOf(
  entries: readonly ManifestEntry[],
  artifact: Artifact,
  { target, check }: CheckRequest,
): ManifestClaim[] {
  const claims = manifestClaims([{ path: basename(check), entries }]).map((claim) => ({ ...claim, from: check }));
  const file = onlyFile(artifact, target);
  if (file === undefined) return claims;
  const exact = claims.filter(({ path }) => path === file.path);
  const named = exact.length > 0 ? exact : claims.filter(({ path }) => path.endsWith(`/${file.path}`));
  if (new Set(named.map(({ path }) => path)).size === 1) return named.map((claim) => ({ ...claim, path: file.path }));
  const how = named.length === 0 ? 'does not name' : 'names more than one';
  throw new AssayError('usage', `${how} ${file.path}`, { subject: check, hint: 'give the folder that it describes' });
}

/** The file that the target itself is. */
function onlyFile({ ref, files }: Artifact, target: string): ArtifactFile | undefined {
  const [file, ...others] = files;
  if (file === undefined || others.length > 0) return undefined;
  const local = statSync(target, { throwIfNoEntry: false });
  const isFile = local?.isFile() ?? ref.replace(/[?#].*$/s, '').endsWith(`/${file.path}`);
  return isFile ? file : undefined;
}

/** A deny wins over an incompleteness. */
function exitCodeOf({ compared }: Checked): ExitCode {
  const outcomes = new Set(compared.map(({ outcome }) => outcome));
  if (outcomes.has('broken') || outcomes.has('missing')) return 1;
  return outcomes.has('unknown') ? 2 : 0;
}

function wordOf({ claim: { algorithm }, outcome }: ComparedClaim): string {
  const title = ALGORITHM_TITLES[algorithm];
  switch (outcome) {
    case 'kept':
      return isWeak(algorithm) ? `OK (${title}, which can be forged)` : 'OK';
    case 'broken':
      return `FAILED (${title})`;
    case 'missing':
      return 'MISSING';
    case 'unknown':
      return `NOT COMPARED (${title} is not computed)`;
  }
}

function remarks({ compared, unnamed }: Checked, { check, quiet }: CheckRequest): string[] {
  const lines: string[] = [];
  const say = (text: string) => lines.push(`${terminalText(check)}: ${text}\n`);
  const some = (outcome: ComparedClaim['outcome'], what: string) => {
    const { length } = compared.filter((one) => one.outcome === outcome);
    return length === 0 ? [] : [`${length} ${what}`];
  };
  const wrong = [
    ...some('broken', 'differs from the manifest'),
    ...some('missing', 'missing'),
    ...some('unknown', 'not compared'),
  ];
  if (wrong.length > 0) say(`of ${compared.length} announced, ${wrong.join(', ')}`);
  if (quiet) return lines;
  const weak = compared.filter(({ claim, outcome }) => outcome === 'kept' && isWeak(claim.algorithm)).length;
  if (weak > 0)
    say(`${weak} of ${compared.length} compared by a hash that can be forged: it detects damage, not tampering`);
  const others = unnamed.filter((path) => path !== basename(check));
  if (others.length > 0) {
    const names = others.slice(0, MAX_NAMED).map((path) => terminalText(path));
    say(`${count(others.length, 'file')} not named: ${names.join(', ')}${others.length > MAX_NAMED ? ', ...' : ''}`);
  }
  return lines;
}

const OUTCOMES = { kept: 'ok', broken: 'failed', missing: 'missing', unknown: 'not-compared' } as const;

function toJson({ ref, pinned, compared, unnamed }: Checked, { check }: CheckRequest, outcome: ExitCode) {
  return {
    schemaVersion: '1',
    ref,
    pinned,
    manifest: check,
    status: outcome === 0 ? 'pass' : outcome === 1 ? 'fail' : 'incomplete',
    entries: compared.map(({ claim: { path, algorithm, hex }, outcome: of }) => ({
      path,
      algorithm,
      announced: hex,
      outcome: OUTCOMES[of],
      weak: isWeak(algorithm),
    })),
    unnamed,
  };
}
