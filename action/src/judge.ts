import {
  type Action,
  type Assessment,
  type Decision,
  type Finding,
  type Severity,
  severityRank,
  VERDICTS,
  type Verdict,
} from '../../src/core/assessment/index.ts';
import { assessBy, decideBy, type Evaluated } from '../../src/pipeline/evaluate/index.ts';
import { CHANGE_RULES, type ChangeSet } from './change/index.ts';
import { REFERENCE_RULES } from './references/index.ts';
import type { RunRules } from './rules.ts';

/** The models of the change, judged: `undefined` when it holds none, or nothing new. */
export interface JudgedModels {
  readonly judged: Evaluated | undefined;
  /** Fingerprints of findings that the base has, too. */
  readonly known: ReadonlySet<string>;
}

/** Scans the model files of the change as one artifact, and decides. */
export async function judgeModels(
  { models, before, moved }: ChangeSet,
  { rules, terms }: RunRules,
  { newOnly, signal }: { readonly newOnly: boolean; readonly signal: AbortSignal },
): Promise<JudgedModels> {
  if (models.files.length === 0) return { judged: undefined, known: new Set() };
  const now = await assessBy(models, rules, { signal });
  if (!newOnly) return { judged: await decideBy(now, terms), known: new Set() };
  const base = before.files.length === 0 ? undefined : await assessBy(before, rules, { signal });
  const known = new Set(base?.findings.map(({ fingerprint }) => fingerprint) ?? []);
  const fresh = onlyNew(now, base, known, moved);
  return { judged: fresh.files.length === 0 ? undefined : await decideBy(fresh, terms), known };
}

/**
 * Leaves out files of which the base says the same, and their findings. The digest stays that of the whole: waivers bind to it.
 * A file that is malicious stays, unless it is the base's to the byte: other bytes may do other harm under the same findings.
 */
function onlyNew(
  now: Assessment,
  base: Assessment | undefined,
  known: ReadonlySet<string>,
  moved: ReadonlySet<string>,
): Assessment {
  const verdicts = new Map<string, Verdict>(base?.files.map(({ path, verdict }) => [path, verdict]) ?? []);
  const isNew = (path: string, verdict: Verdict) => {
    const was = verdicts.get(path);
    if (was === undefined || VERDICTS.indexOf(verdict) > VERDICTS.indexOf(was)) return true;
    if (now.findings.some((finding) => finding.file === path && !known.has(finding.fingerprint))) return true;
    return verdict === 'malicious' && !moved.has(path);
  };
  const files = now.files.filter(({ path, verdict }) => isNew(path, verdict));
  const kept = new Set(files.map(({ path }) => path));
  return { ...now, files, findings: now.findings.filter(({ file }) => kept.has(file)) };
}

const WORST_LAST: readonly Action[] = ['allow', 'warn', 'deny'];

export function worseAction(a: Action, b: Action): Action {
  return WORST_LAST.indexOf(a) >= WORST_LAST.indexOf(b) ? a : b;
}

/** Rules of findings that say of a model that nobody looked at it: what was asked for was not done. */
const NOT_LOOKED_AT: ReadonlySet<string> = new Set([
  REFERENCE_RULES.notScanned.id,
  CHANGE_RULES.dvc.id,
  REFERENCE_RULES.denied.id,
]);

/**
 * What findings of the change itself ask for, beside the decisions on artifacts: it is denied when `fail-on` says so, and when it
 * loads what could not be scanned; it is warned of otherwise.
 */
export function actionOf(findings: readonly Finding[], failOn: Severity | undefined): Action {
  let worst: Action = 'allow';
  for (const { ruleId, severity } of findings) {
    const fails = failOn !== undefined && severityRank(severity) >= severityRank(failOn);
    worst = worseAction(worst, fails || NOT_LOOKED_AT.has(ruleId) ? 'deny' : severity === 'info' ? 'allow' : 'warn');
  }
  return worst;
}

/** Whether all of an artifact was looked at. */
export function isComplete({ assessment }: { readonly assessment: Assessment; readonly decision: Decision }): boolean {
  return assessment.status === 'complete';
}
