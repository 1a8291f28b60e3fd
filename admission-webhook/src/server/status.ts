import type { DecisionRecord } from '../answer.ts';
import type { PartHealth } from '../health.ts';
import { notReady, type Vitals } from '../vitals.ts';

/** What `GET /status` says, and `assay admit status` shows. Times are ISO 8601 UTC. */
export interface AdmissionStatus {
  readonly schemaVersion: '1';
  readonly ready: boolean;
  /** Why it is not. */
  readonly notReady: readonly string[];
  readonly startedAt: string;
  readonly snapshot: SnapshotStatus | null;
  readonly source: {
    readonly from: string;
    readonly lastTried: string | null;
    readonly lastGood: string | null;
    readonly problem: string | null;
    readonly floor: number;
  };
  readonly certificate: {
    readonly notAfter: string | null;
    /** SHA-256 of the certificate, hex. */
    readonly fingerprint: string | null;
    readonly loadedAt: string | null;
    readonly problem: string | null;
  };
  readonly config: PartStatus | null;
  readonly breakGlass: PartStatus | null;
  readonly namespaces: { readonly synced: boolean; readonly problem: string | null } | null;
  readonly clients: PartStatus | null;
  /** The newest first. */
  readonly decisions: readonly DecisionRecord[];
}

export interface SnapshotStatus {
  readonly tenant: string;
  readonly version: number;
  readonly issued: string;
  readonly expires: string;
  readonly expired: boolean;
  readonly ageSeconds: number;
  readonly entries: number;
  readonly loadedAt: string;
  readonly from: string;
}

export interface PartStatus {
  readonly loadedAt: string | null;
  readonly problem: string | null;
}

export function statusOf(
  vitals: Vitals,
  { startedAt, decisions, now }: { startedAt: Date; decisions: readonly DecisionRecord[]; now: Date },
): AdmissionStatus {
  const { feed, certificate } = vitals;
  const reasons = notReady(vitals);
  return {
    schemaVersion: '1',
    ready: reasons.length === 0,
    notReady: reasons,
    startedAt: startedAt.toISOString(),
    snapshot: snapshotStatus(vitals, now),
    source: {
      from: feed.from,
      lastTried: text(feed.lastTried),
      lastGood: text(feed.lastGood),
      problem: feed.problem,
      floor: feed.floor,
    },
    certificate: { ...certificate, notAfter: text(certificate.notAfter), loadedAt: text(certificate.loadedAt) },
    config: partStatus(vitals.config),
    breakGlass: partStatus(vitals.breakGlass),
    namespaces: vitals.namespaces,
    clients: partStatus(vitals.clients),
    decisions,
  };
}

function snapshotStatus({ snapshot }: Vitals, now: Date): SnapshotStatus | null {
  if (snapshot.kind === 'none') return null;
  const { tenant, version, issued, expires, entries } = snapshot.index.meta;
  return {
    tenant,
    version,
    issued,
    expires,
    expired: snapshot.index.isExpired(now),
    ageSeconds: Math.round((now.getTime() - Date.parse(issued)) / 1000),
    entries,
    loadedAt: snapshot.loadedAt.toISOString(),
    from: snapshot.from,
  };
}

function partStatus(health: PartHealth | null): PartStatus | null {
  return health === null ? null : { loadedAt: text(health.loadedAt), problem: health.problem };
}

function text(time: Date | null): string | null {
  return time === null ? null : time.toISOString();
}
