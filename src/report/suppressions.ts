import type { JudgedWaiver } from '../core/assessment/index.ts';
import type { Judged } from './context.ts';
import { keptText } from './escape.ts';

/** What a waiver can cover: a finding, or the verdict of a file. */
export type Waivable =
  | { readonly fingerprint: string }
  | { readonly verdict: 'unknown' | 'not-assessed' | 'suspicious'; readonly file: string };

/** The waivers that cover something, in the order in which they were given. */
export function waiversOf({ decision }: Judged, what: Waivable): readonly JudgedWaiver[] {
  return decision.waivers.filter((judged) => judged.outcome === 'applied' && covers(judged, what));
}

const covered = new WeakMap<JudgedWaiver, ReadonlySet<string>>();

function covers(judged: JudgedWaiver, what: Waivable): boolean {
  const { waiver, findings } = judged;
  if ('fingerprint' in what) {
    const all = covered.get(judged) ?? new Set(findings);
    covered.set(judged, all);
    return all.has(what.fingerprint);
  }
  return waiver.rule === `verdict.${what.verdict}` && (waiver.file === undefined || waiver.file === what.file);
}

/** The `suppressions` of a SARIF result (SARIF 2.1.0, 3.27.23 and 3.35); nothing for a result that counts. */
export function suppressionsOf(judged: Judged, what: Waivable) {
  const waivers = waiversOf(judged, what);
  if (waivers.length === 0) return {};
  const suppressions = waivers.map(({ waiver }) => ({
    kind: 'external',
    status: 'accepted',
    justification: keptText(waiver.reason),
    properties: { owner: keptText(waiver.owner), expires: keptText(waiver.expires), from: keptText(waiver.from) },
  }));
  return { suppressions };
}
