import { setImmediate as yieldToEventLoop } from 'node:timers/promises';
import type { Check, DigestBasis, FileAssessment, Finding, Reading } from '../core/assessment/index.ts';
import { BLOCK_SIZE, type ByteSource, FileSource } from '../core/bytes/index.ts';
import { type ArtifactFile, AssayError, isAssayError, type OnEvent, throwIfAborted, withHint } from '../core/index.ts';
import { keepsClaim, type PlannedDigests, wholeDigest } from '../integrity/hash/index.ts';
import { noteBounds } from '../sandbox/index.ts';
import type { DeclaredLibrary } from '../scan/advisories/list/index.ts';
import type { PlacedFact, ReferredBytes } from '../scan/scanner/index.ts';
import type { FileDeclaration } from './declared.ts';
import { bytesReadOf, reportBytes } from './file-progress.ts';
import type { OnTarget } from './file-scan.ts';
import { fileIdentity } from './identity.ts';
import {
  type BatchOutcome,
  fromWire,
  type ParsedFile,
  type ParseOrder,
  type ParserPool,
  type ParseSettings,
} from './parsers/index.ts';

/** The state that the files of one assessment share. */
export interface Shared {
  readonly signal: AbortSignal | undefined;
  readonly onEvent: OnEvent | undefined;
  readonly onTarget: OnTarget | undefined;
  readonly parsers: ParserPool;
  readonly settings: ParseSettings;
  /** Modules that the artifact itself would provide; grows with what archives list. */
  readonly provided: Set<string>;
}

export interface FileChecks {
  readonly path: string;
  readonly checks: readonly Check[];
}

export interface AssessedFile {
  readonly file: FileAssessment;
  readonly findings: readonly Finding[];
  readonly checks: FileChecks;
  /** Bytes of other files that belong to it. */
  readonly refers: readonly ReferredBytes[];
  /** Libraries that it declares. */
  readonly libraries: readonly DeclaredLibrary[];
  /** What it says of code. */
  readonly code: readonly PlacedFact[];
  /** What tells a file of this machine from every other, and from itself after a change. */
  readonly identity: string | undefined;
  /** Empty when not every byte was hashed. */
  readonly digests: readonly PlannedDigests[];
  /** The declarations in the file, if it is a file with declarations. */
  readonly declaration: FileDeclaration | undefined;
  readonly bytesRead: number;
  /** False when the file could not be read to the end. */
  readonly complete: boolean;
}

/** The number of files to open or compare before parser messages are handled, so that parsers do not wait for files. */
const AT_ONCE = 8;

/** A file of a batch that could be opened. */
interface Opened {
  readonly file: ArtifactFile;
  readonly source: ByteSource;
  readonly order: ParseOrder;
  /** The read error on this side, before it was sent to the parser. */
  readError: unknown;
}

/**
 * Opens files, has them parsed and hashed elsewhere, and compares their identity before and after. Each is read once.
 * @throws AssayError `aborted`, `internal`
 */
export async function assessFiles(files: readonly ArtifactFile[], shared: Shared): Promise<AssessedFile[]> {
  const assessed = new Map<ArtifactFile, AssessedFile>();
  const opened: Opened[] = [];
  const timers: (NodeJS.Timeout | undefined)[] = [];
  try {
    for (const [i, file] of files.entries()) {
      if (i % AT_ONCE === AT_ONCE - 1) await yieldToEventLoop();
      throwIfAborted(shared.signal);
      shared.onEvent?.({ kind: 'file-start', path: file.path, size: file.size });
      const one = await openFile(file, shared);
      if (isAssayError(one)) assessed.set(file, unread(file, one));
      else {
        opened.push(one);
        if (one.order.bytes.kind !== 'file') timers.push(reportBytes(one.source, file, shared.onEvent));
      }
    }
    for (const [one, result] of await parseOpened(opened, shared)) assessed.set(one.file, result);
    return files.flatMap((file) => assessed.get(file) ?? []);
  } finally {
    for (const timer of timers) clearInterval(timer);
    for (const { source } of opened) await source.close();
    for (const file of files) shared.onEvent?.({ kind: 'file-end', path: file.path });
  }
}

/** @returns an error that says why the file is not read */
async function openFile(file: ArtifactFile, { signal }: Shared): Promise<Opened | AssayError> {
  try {
    const source = await file.open(signal);
    return { file, source, order: orderOf(file, source), readError: undefined };
  } catch (error) {
    throwIfAborted(signal);
    return ofFile(error);
  }
}

function orderOf(file: ArtifactFile, source: ByteSource): ParseOrder {
  const { path, distance, claimed } = file;
  return { path, size: source.size, distance, claimed, bytes: orderedBytes(source), lost: undefined };
}

function orderedBytes(source: ByteSource): ParseOrder['bytes'] {
  const { name, size } = source;
  const file = source.share?.();
  if (file !== undefined) return { kind: 'file', file };
  const bytes = size <= BLOCK_SIZE ? source.readNow(0, size) : undefined;
  return bytes === undefined ? { kind: 'asked', name, size } : { kind: 'bytes', name, bytes };
}

/** @throws every error that is not about the file */
function ofFile(error: unknown): AssayError {
  if (!isAssayError(error) || error.code === 'internal' || error.code === 'aborted') throw error;
  return error;
}

async function parseOpened(opened: readonly Opened[], shared: Shared): Promise<[Opened, AssessedFile][]> {
  if (opened.length === 0) return [];
  const results: [Opened, AssessedFile][] = [];
  const again: Opened[] = [];
  const handlers = {
    sources: opened.map(({ source }) => source),
    onTarget: shared.onTarget,
    onProgress: (index: number, bytes: number) => {
      const path = opened[index]?.file.path;
      if (path !== undefined) shared.onEvent?.({ kind: 'bytes', path, bytes });
    },
    onReadError: (index: number, error: unknown) => {
      const one = opened[index];
      if (one !== undefined) one.readError ??= error;
    },
  };
  const orders = opened.map(({ order }) => order);
  const outcomes = await shared.parsers.parse(orders, shared.settings, handlers, shared.signal);
  throwIfAborted(shared.signal);
  for (const [i, one] of opened.entries()) {
    if (i % AT_ONCE === AT_ONCE - 1) await yieldToEventLoop();
    const outcome = outcomes[i];
    if (outcome === undefined) throw new AssayError('internal', 'a file was not parsed', { subject: one.file.path });
    if (outcome.kind === 'parsed') results.push([one, await assessedOf(one, outcome.file, shared)]);
    else {
      const why = whyLost(one, outcome);
      if (isAssayError(why)) results.push([one, unread(one.file, why)]);
      else if (one.order.lost !== undefined) results.push([one, unread(one.file, limitOf(one.order.lost))]);
      else again.push({ ...one, order: { ...one.order, lost: why } });
    }
  }
  // A file that crashed its parser is still hashed, but not parsed again.
  for (const one of again) results.push(...(await parseOpened([one], shared)));
  return results;
}

function limitOf(why: string): AssayError {
  return new AssayError('limit', why);
}

/**
 * Why a parser has nothing to say of a file: an error of the file, or what ended the parser. A defect of a reader costs its file alone, as
 * a crash does.
 * @throws the read error of this side
 */
function whyLost(
  { readError }: Opened,
  outcome: Exclude<BatchOutcome, { readonly kind: 'parsed' }>,
): AssayError | string {
  if (outcome.kind === 'lost') return outcome.why;
  if (readError !== undefined && !isAssayError(readError)) throw readError;
  const error = fromWire(outcome.error);
  if (error.code === 'internal') return `${error.message} (a defect of Assay: please report it)`;
  return ofFile(error);
}

async function assessedOf(one: Opened, parsed: ParsedFile, shared: Shared): Promise<AssessedFile> {
  const { file, source } = one;
  for (const module of parsed.provides) shared.provided.add(module);
  noteBounds(parsed.bounds);
  const reasons = [...parsed.reasons];
  const digests = file.distance === 'near' ? parsed.digests : undefined;
  const checks = [...parsed.checks, ...checksumCheck(file, digests)];
  const changed = !(await source.unchanged());
  if (changed) reasons.unshift('the file changed while it was scanned');
  return {
    file: {
      path: file.path,
      size: source.size,
      format: parsed.format,
      ...digestOf(file, digests && wholeDigest(digests, 'sha256')),
      verdict: changed && parsed.verdict !== 'malicious' ? 'unknown' : parsed.verdict,
      imports: parsed.imports,
      readings: changed ? parsed.readings.map(changedReading) : parsed.readings,
      reasons,
      coverage: parsed.coverage,
    },
    findings: parsed.findings,
    checks: { path: file.path, checks },
    refers: parsed.refers,
    libraries: parsed.libraries,
    code: parsed.code,
    identity: source.share?.() === undefined ? undefined : fileIdentity(source),
    digests: parsed.digests,
    declaration: parsed.declaration,
    bytesRead: source instanceof FileSource ? parsed.bytesRead : bytesReadOf(source),
    complete: !changed,
  };
}

/** The file may have changed since it was read. */
function changedReading(reading: Reading): Reading {
  return reading.verdict === 'malicious' ? reading : { ...reading, verdict: 'unknown' };
}

function digestOf(
  file: ArtifactFile,
  computed: string | undefined,
): { sha256: string | null; digestBasis: DigestBasis } {
  if (computed !== undefined) return { sha256: computed, digestBasis: 'computed' };
  if (file.claimed?.algorithm === 'sha256') return { sha256: file.claimed.hex, digestBasis: 'claimed' };
  return { sha256: null, digestBasis: 'none' };
}

function checksumCheck(file: ArtifactFile, digests: readonly PlannedDigests[] | undefined): Check[] {
  const id = 'integrity.checksum';
  if (file.claimed === undefined) return [];
  if (digests === undefined) {
    return [
      {
        id,
        status: 'not-assessed',
        detail: 'the announced digest is claimed, not computed: only the ranges that the verdict needs were downloaded',
      },
    ];
  }
  const kept = keepsClaim(digests, file.claimed);
  return [
    {
      id,
      status: kept ? 'pass' : 'fail',
      detail: kept ? 'the bytes have the announced digest' : 'the bytes do not have the announced digest',
    },
  ];
}

function unread(file: ArtifactFile, error: AssayError): AssessedFile {
  return {
    file: {
      path: file.path,
      size: file.size,
      format: 'unknown',
      sha256: null,
      digestBasis: 'none',
      verdict: 'unknown',
      imports: [],
      readings: [],
      reasons: [withHint(error)],
      coverage: { ranges: [], gaps: file.size > 0 ? [{ start: 0, end: file.size }] : [] },
    },
    findings: [],
    checks: {
      path: file.path,
      checks: error.code === 'mismatch' ? [{ id: 'integrity.checksum', status: 'fail', detail: error.message }] : [],
    },
    refers: [],
    libraries: [],
    code: [],
    identity: undefined,
    digests: [],
    declaration: undefined,
    bytesRead: 0,
    complete: error.code === 'limit',
  };
}
