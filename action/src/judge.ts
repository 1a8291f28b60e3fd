import { type Assessment, VERDICTS, type Verdict } from '../../src/core/assessment/index.ts';
import { assessBy, decideBy } from '../../src/pipeline/evaluate/index.ts';
import type { ChangeSet } from './change/index.ts';
import type { RunRules } from './rules.ts';
import {
  askedSubjectsOf,
  type DecisionService,
  distinct,
  folderSubjects,
  type ServiceDecision,
} from './service/index.ts';

interface ModelOptions {
  readonly newOnly: boolean;
  readonly decisionService: DecisionService;
  readonly signal: AbortSignal;
}

/** Scans the model files of the change as one artifact, and decides. @returns `undefined` when it holds none, or nothing new */
export async function judgeModels(
  { models, before, moved, files }: ChangeSet,
  { rules, terms }: RunRules,
  { newOnly, decisionService, signal }: ModelOptions,
): Promise<ServiceDecision | undefined> {
  if (models.files.length === 0) return undefined;
  const now = await assessBy(models, rules, { signal });
  const judged = newOnly ? await freshOf(now) : now;
  if (judged.files.length === 0) return undefined;
  const subjects = distinct([...askedSubjectsOf(now, files.paths()), ...(await folderSubjects(now, files))]);
  return decisionService.decide(await decideBy(judged, terms), subjects);

  async function freshOf(all: Assessment): Promise<Assessment> {
    const base = before.files.length === 0 ? undefined : await assessBy(before, rules, { signal });
    return onlyNew(all, base, moved);
  }
}

/**
 * Leaves out files of which the base says the same, and their findings. The digest stays that of the whole: waivers bind to it.
 * A file that is malicious stays, unless it is the base's to the byte: other bytes may do other harm under the same findings.
 */
function onlyNew(now: Assessment, base: Assessment | undefined, moved: ReadonlySet<string>): Assessment {
  const known = new Set(base?.findings.map(({ fingerprint }) => fingerprint) ?? []);
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
