import type { CertificateHealth, FeedHealth, PartHealth } from './health.ts';
import type { HeldSnapshot } from './state.ts';

/** How the whole webhook fares. */
export interface Vitals {
  readonly snapshot: HeldSnapshot;
  readonly feed: FeedHealth;
  readonly certificate: CertificateHealth;
  /** `null`: there is none to read. */
  readonly config: PartHealth | null;
  readonly breakGlass: PartHealth | null;
  /** Whether the labels of namespaces are known; `null`: they are not asked for. */
  readonly namespaces: { readonly synced: boolean; readonly problem: string | null } | null;
  readonly clients: PartHealth | null;
  readonly ending: boolean;
}

/** Why it should not be asked; empty: it is ready. A snapshot that has ended is no reason: it answers by what holds then. */
export function notReady({ snapshot, namespaces, ending }: Vitals): string[] {
  return [
    ...(snapshot.kind === 'none' ? [`no snapshot is loaded: ${snapshot.why}`] : []),
    ...(namespaces !== null && !namespaces.synced
      ? [`the labels of namespaces are not loaded yet${namespaces.problem === null ? '' : `: ${namespaces.problem}`}`]
      : []),
    ...(ending ? ['it is stopping'] : []),
  ];
}
