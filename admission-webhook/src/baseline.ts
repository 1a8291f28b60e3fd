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

/** The PodSpecs of an object that are in a baseline which holds now. */
export function baselinePlaces(
  { templates, expires }: Baseline,
  {
    namespace,
    object,
    found,
    now,
  }: { readonly namespace: string; readonly object: unknown; readonly found: WorkloadReferences; readonly now: Date },
): readonly string[] {
  if (templates.size === 0 || now.getTime() >= Date.parse(expires)) return [];
  return baselineDigests(namespace, object, found).flatMap(({ where, digest }) =>
    templates.has(digest) ? [where] : [],
  );
}
