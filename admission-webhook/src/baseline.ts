import { createHash } from 'node:crypto';
import type { WorkloadReferences } from '../../src/workload/index.ts';
import { templateKeys } from '../../src/workload/posture/index.ts';

/** What ran when enforcement began, and may go on, with a warning, until its end. */
export interface Baseline {
  readonly owner: string;
  readonly reason: string;
  /** ISO 8601 UTC. */
  readonly expires: string;
  /** `sha256` in hex, as `baselineDigests` says it. */
  readonly templates: ReadonlySet<string>;
  /** Of one that is signed: who by, when it begins (milliseconds since 1970), and `sha256:<hex>` of the file; the others stand in the configuration. */
  readonly signed?: { readonly by: string; readonly from: number; readonly digest: string };
}

/** What is recorded of a baseline that was used. */
export interface UsedBaseline {
  readonly owner: string;
  readonly expires: string;
  /** Name of the signer in the trust file, and `sha256:<hex>` of the signed file; `null` for the baseline of the configuration. */
  readonly by: string | null;
  readonly digest: string | null;
}

export function usedBaseline({ owner, expires, signed }: Baseline): UsedBaseline {
  return { owner, expires, by: signed?.by ?? null, digest: signed?.digest ?? null };
}

export const EMPTY_BASELINE: Baseline = {
  owner: '',
  reason: '',
  expires: '1970-01-01T00:00:00Z',
  templates: new Set(),
};

/** Digests of what each PodSpec of an object runs in a namespace, by the JSON pointer to it. */
export function baselineDigests(
  namespace: string,
  object: unknown,
  found: WorkloadReferences,
): readonly { readonly where: string; readonly digest: string }[] {
  return templateKeys(object, found).map(({ where, key }) => ({
    where,
    digest: createHash('sha256').update(`${namespace}\n${key}`).digest('hex'),
  }));
}

/** The PodSpecs of an object that are in a baseline which holds now, each with it: one of the signed before that of the configuration. */
export function baselinePlaces(
  baselines: readonly Baseline[],
  {
    namespace,
    object,
    found,
    now,
  }: { readonly namespace: string; readonly object: unknown; readonly found: WorkloadReferences; readonly now: Date },
): ReadonlyMap<string, Baseline> {
  const time = now.getTime();
  const holding = baselines.filter(
    ({ templates, expires, signed }) =>
      templates.size > 0 && time < Date.parse(expires) && (signed === undefined || time >= signed.from),
  );
  if (holding.length === 0) return new Map();
  return new Map(
    baselineDigests(namespace, object, found).flatMap(({ where, digest }) => {
      const baseline = holding.find(({ templates }) => templates.has(digest));
      return baseline === undefined ? [] : [[where, baseline] as const];
    }),
  );
}

/** That of the PodSpec which a place is below. */
export function baselineAt(places: ReadonlyMap<string, Baseline>, where: string): Baseline | undefined {
  for (const [place, baseline] of places) if (where.startsWith(`${place}/`)) return baseline;
  return undefined;
}
