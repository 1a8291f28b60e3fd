import { formatTime } from '../../integrity/statements/index.ts';
import {
  canonicalEndpoint,
  SNAPSHOT_LIMITS,
  type SnapshotDocument,
  type SnapshotEntry,
  schemeOf,
} from '../../snapshot/index.ts';
import type { Head } from './chain.ts';
import type { JudgedVersion, SnapshotStage } from './judge.ts';

export type Endpoints = Readonly<Record<string, string>>;

export interface DocumentInput {
  readonly judged: readonly JudgedVersion[];
  readonly head: Head;
  readonly now: Date;
  readonly version: number;
  readonly tenant: string;
  readonly trustDigest: string;
  readonly expiresInMs: number;
  readonly endpoints?: Endpoints;
  readonly images?: SnapshotDocument['images'];
  readonly publicUrl?: string;
}

/** The entries of a snapshot for judged versions. */
export function documentOf(input: DocumentInput): SnapshotDocument {
  const { judged, now, images = [] } = input;
  const bars = barsOf(judged);
  const sorted = [...judged].sort(
    (a, b) => compare(a.version.model, b.version.model) || a.version.number - b.version.number,
  );
  const standing = sorted.map((one) => ({ one, ...standingOf(one, bars.get(one.version.digest) ?? []) }));
  // Older webhooks read the first schema alone.
  const schemaVersion = schemaOf(images);
  const issued = Math.floor(now.getTime() / 1000) * 1000;
  return {
    schemaVersion,
    tenant: input.tenant,
    version: input.version,
    issued: formatTime(new Date(issued)),
    expires: formatTime(new Date(issued + input.expiresInMs)),
    auditHead: { seq: input.head.seq, hash: input.head.hash },
    trust: input.trustDigest,
    ruleset: rulesetOf(standing.filter(({ stages }) => stages.length > 0).map(({ one }) => one)),
    entries: standing.flatMap(({ one, stages, reason }) => entriesOf(one, stages, reason, input)),
    images: images.map((image) => imageIn(image, schemaVersion)),
  };
}

function schemaOf(images: SnapshotDocument['images']): SnapshotDocument['schemaVersion'] {
  if (images.some(({ facts, name }) => facts != null || name != null)) return '3';
  return images.some(({ as }) => as === 'sealed') ? '2' : '1';
}

function imageIn(
  { digest, notAfter, as = 'program', name = null, facts = null }: SnapshotDocument['images'][number],
  schema: SnapshotDocument['schemaVersion'],
): SnapshotDocument['images'][number] {
  if (schema === '1') return { digest, notAfter };
  return schema === '2' ? { digest, notAfter, as } : { digest, notAfter, as, name, facts };
}

/** Reasons against bytes, under any name. */
function barsOf(judged: readonly JudgedVersion[]): Map<string, JudgedVersion['bars']> {
  const bars = new Map<string, JudgedVersion['bars']>();
  for (const { version, bars: own } of judged) {
    if (own.length === 0) continue;
    const { model, number, digest } = version;
    const named = own.map(({ stage, reason }) => ({
      stage,
      reason: `${reason} (${model}@${number}, of the same bytes)`,
    }));
    bars.set(digest, [...(bars.get(digest) ?? []), ...named]);
  }
  return bars;
}

function standingOf(
  one: JudgedVersion,
  bars: JudgedVersion['bars'],
): { stages: readonly SnapshotStage[]; reason: string } {
  const barred = (stage: string) => bars.find((bar) => bar.stage === 'any' || bar.stage === stage);
  const stages = one.stages.filter(({ stage }) => barred(stage) === undefined);
  if (stages.length > 0) return { stages, reason: '' };
  const first = one.stages.flatMap(({ stage }) => barred(stage) ?? [])[0];
  return { stages, reason: first?.reason ?? one.reason };
}

/** One for each server that its references lead to. */
function entriesOf(
  one: JudgedVersion,
  stages: readonly SnapshotStage[],
  reason: string,
  input: DocumentInput,
): SnapshotEntry[] {
  const { version, policy, ownCode } = one;
  const { publicUrl, endpoints = {} } = input;
  const byEndpoint = new Map<string | null, string[]>();
  for (const ref of one.refs.slice(0, SNAPSHOT_LIMITS.maxRefs)) {
    const endpoint = canonicalEndpoint(endpoints[schemeOf(ref)]) ?? null;
    byEndpoint.set(endpoint, [...(byEndpoint.get(endpoint) ?? []), ref]);
  }
  if (byEndpoint.size === 0) byEndpoint.set(null, []);
  const isApproved = stages.length > 0;
  return [...byEndpoint].map(([endpoint, refs]) => ({
    model: version.model,
    number: version.number,
    digest: version.digest,
    refs,
    endpoint,
    status: isApproved ? 'approved' : 'denied',
    stages: stages.map(({ stage, notAfter }) => ({ stage, notAfter })),
    remoteCode: isApproved && ownCode,
    policy,
    reason: isApproved ? '' : reason,
    report:
      publicUrl === undefined ? null : `${publicUrl.replace(/\/+$/, '')}/models/${version.model}/${version.number}`,
  }));
}

/** The common policy of all approved stages; `null` when there are several. */
function rulesetOf(approved: readonly JudgedVersion[]): SnapshotDocument['ruleset'] {
  const [first, ...others] = approved.map(({ ruleset }) => ruleset);
  if (first === undefined || others.some((other) => other?.digest !== first.digest)) return null;
  return first;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
