import { createHash } from 'node:crypto';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { readSmallFile } from '../../../src/core/bytes/index.ts';
import { AssayError, isAssayError, systemCode } from '../../../src/core/index.ts';
import { verifyAttestation } from '../../../src/integrity/attestations/index.ts';
import { isSignatureError, readBundle } from '../../../src/integrity/envelope/index.ts';
import {
  type BreakGlassPredicate,
  formatTime,
  isAbout,
  PREDICATE_TYPES,
  parseTime,
  type Statements,
  subjectOfTemplates,
  subjectsOfNamespaces,
} from '../../../src/integrity/statements/index.ts';
import { readTrustFile, type TrustFile, type TrustRule } from '../../../src/integrity/trust-file/index.ts';
import type { Baseline } from '../baseline.ts';
import type { BreakGlassSource } from '../feed.ts';
import type { PartHealth } from '../health.ts';
import { type BreakGlass, type BreakGlassWaiver, NO_WAIVERS } from '../waivers.ts';
import { watchFiles } from '../watched-files.ts';
import { feedProblemOf } from './problem.ts';

export interface BreakGlassOptions {
  /** Folder of signed waivers and baselines, one a file: a mounted ConfigMap or Secret. */
  readonly folder: string;
  /** File: a trust file; its signers with `break-glass`, or `baseline`, count. Read again when something changes. */
  readonly trust: string;
  readonly pollMs?: number;
  readonly now?: () => Date;
}

export interface OpenBreakGlass extends BreakGlassSource {
  close(): Promise<void>;
}

/** CWE-770: more are not emergency. */
const MAX_FILES = 200;
/** Clocks differ: one that was made a moment ago counts. */
const SKEW_MS = 5 * 60_000;
/** Of refused ones, so many are named. */
const MAX_TOLD = 5;

interface Loaded {
  readonly predicate: BreakGlassPredicate;
  readonly from: number;
  readonly until: number;
  readonly waiver: BreakGlassWaiver;
}

/**
 * Reads and verifies the waivers and the baselines of a folder, now and whenever they change; a request only looks one up. One that is not signed by
 * somebody who may, or that cannot be read, does not count, and `health` says so.
 */
export async function openBreakGlass(options: BreakGlassOptions): Promise<OpenBreakGlass> {
  const { folder, trust: trustPath, pollMs, now = () => new Date() } = options;
  let waivers: BreakGlass = NO_WAIVERS;
  let baselines: readonly Baseline[] = [];
  let health: PartHealth = { loadedAt: null, problem: null };
  let known: string | undefined;
  const look = async () => {
    try {
      const files = await filesIn(folder);
      const trust = await readTrustFile(trustPath);
      const mark = markOf(files, trust, now());
      if (mark === known) return;
      const { loaded, baselines: signed, problems } = await verified(files, trust, now());
      waivers = breakGlassOf(loaded);
      baselines = signed;
      health = { loadedAt: now(), problem: problems.length === 0 ? null : told(problems) };
      known = mark;
    } catch (error) {
      if (!isAssayError(error)) throw error;
      // Who may sign is not known, so that nothing counts that was signed.
      waivers = NO_WAIVERS;
      baselines = [];
      known = undefined;
      health = { ...health, problem: feedProblemOf(error) };
    }
  };
  await look();
  const watched = watchFiles([join(folder, 'any'), trustPath], look, pollMs === undefined ? {} : { pollMs });
  return {
    waivers: () => waivers,
    baselines: () => baselines,
    health: () => health,
    async close() {
      watched.close();
      await watched.look();
    },
  };
}

interface WaiverFile {
  readonly name: string;
  /** Or why it cannot be read. */
  readonly bytes: Buffer | AssayError;
  /** `sha256:<hex>` */
  readonly digest: string;
}

/** A folder that is not there holds none: a ConfigMap that may be missing is mounted so. @throws AssayError `unreadable`, `limit` */
async function filesIn(folder: string): Promise<WaiverFile[]> {
  let names: string[];
  try {
    names = await readdir(folder);
  } catch (cause) {
    const code = systemCode(cause) ?? 'unknown';
    if (code === 'ENOENT') return [];
    throw new AssayError('unreadable', `cannot be read (${code})`, { subject: folder, cause });
  }
  // `..data` and its like are how Kubernetes swaps what it mounts.
  const shown = names.filter((name) => !name.startsWith('.')).sort();
  if (shown.length > MAX_FILES) throw new AssayError('limit', `has more than ${MAX_FILES} files`, { subject: folder });
  const files: WaiverFile[] = [];
  for (const name of shown) {
    const bytes = await bytesOf(join(folder, name));
    if (bytes === undefined) continue;
    const digest = bytes instanceof AssayError ? '' : createHash('sha256').update(bytes).digest('hex');
    files.push({ name, bytes, digest: `sha256:${digest}` });
  }
  return files;
}

/** `undefined` for what is not a file. */
async function bytesOf(path: string): Promise<Buffer | AssayError | undefined> {
  const found = await stat(path).catch(() => undefined);
  if (found !== undefined && !found.isFile()) return undefined;
  try {
    return (await readSmallFile(path, 'the waiver')).bytes;
  } catch (error) {
    if (isAssayError(error)) return error;
    throw error;
  }
}

/** The same while the same would be found: the files, and who can sign. */
function markOf(files: readonly WaiverFile[], { rules }: TrustFile, now: Date): string {
  const signers = rules.map(({ name, may, trust, notAfter }) => {
    const counts = (may.has('break-glass') || may.has('baseline')) && (notAfter === undefined || now <= notAfter);
    const key = trust.kind === 'key' ? trust.key.export({ type: 'spki', format: 'pem' }) : JSON.stringify(trust);
    return counts ? [name, key, may.has('break-glass'), may.has('baseline')] : [name];
  });
  const read = files.map(({ name, digest, bytes }) => [name, bytes instanceof AssayError ? bytes.message : digest]);
  return JSON.stringify([read, signers]);
}

async function verified(
  files: readonly WaiverFile[],
  trust: TrustFile,
  now: Date,
): Promise<{ readonly loaded: Loaded[]; readonly baselines: Baseline[]; readonly problems: string[] }> {
  const loaded: Loaded[] = [];
  const baselines: Baseline[] = [];
  const problems: string[] = [];
  for (const file of files) {
    try {
      const one = await verifiedOne(file, trust, now);
      if (one === undefined) continue;
      if ('templates' in one) baselines.push(one);
      else loaded.push(one);
    } catch (error) {
      if (!isSignatureError(error) && !isAssayError(error)) throw error;
      problems.push(`${file.name}: ${error.message}`);
    }
  }
  return { loaded, baselines, problems };
}

/** `undefined` for one that has ended. @throws SignatureError, AssayError */
async function verifiedOne(
  { name, bytes, digest }: WaiverFile,
  trust: TrustFile,
  now: Date,
): Promise<Loaded | Baseline | undefined> {
  if (bytes instanceof AssayError) throw bytes;
  try {
    const { kind, statement, rule } = await verifyAttestation(readBundle(bytes, name), trust, { now });
    if (statement.predicateType === PREDICATE_TYPES.baseline) return signedBaseline(statement, { rule, digest });
    if (statement.predicateType !== PREDICATE_TYPES['break-glass'])
      throw new AssayError('malformed', `is of kind ${kind}: only break-glass and baseline count here`);
    const { predicate, subject } = statement;
    const wanted = subjectsOfNamespaces(predicate.namespaces);
    const isSame =
      subject.length === wanted.length &&
      wanted.every((one) => isAbout(subject, { algorithm: 'sha256', hex: one.digest.sha256 ?? '' }));
    if (!isSame) throw new AssayError('malformed', 'its namespaces differ from its subjects');
    const { owner, reason, expires, timeCreated } = predicate;
    return {
      predicate,
      from: (parseTime(timeCreated) ?? Number.POSITIVE_INFINITY) - SKEW_MS,
      until: Math.min(parseTime(expires) ?? 0, rule.notAfter?.getTime() ?? Number.POSITIVE_INFINITY),
      waiver: { by: rule.name, owner, reason, expires, digest },
    };
  } catch (error) {
    if (isSignatureError(error) && error.problem === 'expired') return undefined;
    throw error;
  }
}

/** @throws AssayError `malformed` for one whose subject is another list */
function signedBaseline(
  { predicate, subject }: Statements['baseline'],
  { rule, digest }: { readonly rule: TrustRule; readonly digest: string },
): Baseline {
  const { templates, owner, reason, expires, timeCreated } = predicate;
  const [one, more] = subject;
  if (more !== undefined || one?.digest.sha256 !== subjectOfTemplates(templates).digest.sha256)
    throw new AssayError('malformed', 'its templates differ from its subject');
  const until = Math.min(parseTime(expires) ?? 0, rule.notAfter?.getTime() ?? Number.POSITIVE_INFINITY);
  const from = (parseTime(timeCreated) ?? Number.POSITIVE_INFINITY) - SKEW_MS;
  const signed = { by: rule.name, from, digest };
  return { owner, reason, expires: formatTime(new Date(until)), templates: new Set(templates), signed };
}

function breakGlassOf(loaded: readonly Loaded[]): BreakGlass {
  return {
    find({ outcome, namespace, reference, now }) {
      const time = now.getTime();
      const found = loaded.find(({ predicate, from, until }) => {
        if (time < from || time >= until || predicate.reference !== reference) return false;
        return predicate.namespaces.includes(namespace) && predicate.outcomes.includes(outcome);
      });
      return found?.waiver;
    },
  };
}

function told(problems: readonly string[]): string {
  const more = problems.length - MAX_TOLD;
  const text = problems.slice(0, MAX_TOLD).join('; ');
  return `${more > 0 ? `${text}; and ${more} more` : text}`.replace(/\s+/g, ' ').slice(0, 1_000);
}
