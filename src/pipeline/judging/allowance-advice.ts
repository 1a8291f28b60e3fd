import type { Assessment, FileAssessment } from '../../core/assessment/index.ts';
import { type AllowanceAdvice, unlistedGlobals } from '../../report/index.ts';
import { type Allowance, USES, whyRefused } from '../../scan/lists/index.ts';

/** CWE-400: each entry and each of its uses is a scan of the file, which its author chose. */
const MAX_FILES = 3;
const MAX_NAMES = 5;
const MAX_ENTRIES = 20;
const MAX_BYTES = 4 * 1024 * 1024;
const UNLISTED = 'pickle.global.unlisted';

/** An entry that is being tried. */
type Entry = Pick<Allowance, 'module' | 'name' | 'uses'>;

interface Known {
  /** Whether the ruleset lists a global. */
  isListed(name: string): boolean;
  /** Whether the time for trials is over: then a trial ends with an error. */
  isOver(): boolean;
}

/** Assesses one file again, with some allowances more. */
type Trial = (allowances: readonly Allowance[]) => Promise<Assessment>;

/**
 * What would admit the first suspicious files of an artifact, by path; found by trying. A file is left out where there is nothing
 * to allow, or too much to try.
 *
 * @param trialOf assesses one of its files again
 */
export async function adviseOn(
  assessment: Assessment,
  known: Known,
  trialOf: (file: string) => Trial,
): Promise<ReadonlyMap<string, AllowanceAdvice>> {
  const advice = new Map<string, AllowanceAdvice>();
  const suspicious = assessment.files.filter(({ verdict, imports }) => verdict === 'suspicious' && imports.length > 0);
  for (const file of suspicious.slice(0, MAX_FILES)) {
    try {
      const names = unlistedGlobals(file, known.isListed);
      const found = await adviceFor(file, assessment, names, trialOf(file.path));
      if (found !== undefined) advice.set(file.path, found);
    } catch (error) {
      if (!known.isOver()) throw error;
      break;
    }
  }
  return advice;
}

async function adviceFor(
  file: FileAssessment,
  { findings }: Assessment,
  names: readonly string[],
  trial: Trial,
): Promise<AllowanceAdvice | undefined> {
  if (names.length === 0) return undefined;
  for (const name of names) {
    const why = splitsOf(name).flatMap((one) => whyRefused(one.module, one.name) ?? [])[0];
    if (why !== undefined) return { kind: 'refused', name, why };
  }
  const other = findings.find(({ file: path, ruleId }) => path === file.path && ruleId !== UNLISTED);
  if (other !== undefined) return { kind: 'insufficient', because: other.message };
  if (names.length > MAX_NAMES || file.size > MAX_BYTES) return undefined;
  const all = names.flatMap(splitsOf);
  if (all.length > MAX_ENTRIES) return undefined;
  const tried = await trial(all.map(allowanceOf));
  if (isClean(tried)) return { kind: 'entries', entries: await fewest(all, trial) };
  return {
    kind: 'insufficient',
    because: tried.findings[0]?.message ?? tried.files[0]?.reasons[0] ?? 'it stays suspicious',
  };
}

/** A report joins a module and a name by the dot that both may hold: the last part is of the name, the first of the module. */
function splitsOf(full: string): Entry[] {
  const parts = full.split('.');
  return parts
    .slice(1)
    .map((_, at) => ({ module: parts.slice(0, at + 1).join('.'), name: parts.slice(at + 1).join('.'), uses: USES }));
}

/** The entries that are needed, each with the uses that are needed; to be imported is the last that is given up. */
async function fewest(all: readonly Entry[], trial: Trial): Promise<readonly Entry[]> {
  const isEnough = async (entries: readonly Entry[]) => isClean(await trial(entries.map(allowanceOf)));
  let kept = all;
  for (const entry of all) {
    const fewer = kept.filter((one) => one !== entry);
    if (await isEnough(fewer)) kept = fewer;
  }
  for (let at = 0; at < kept.length; at++) {
    for (const use of [...USES].reverse()) {
      const fewer = kept.map((one, i) => (i === at ? { ...one, uses: one.uses.filter((own) => own !== use) } : one));
      if (fewer[at]?.uses.length !== 0 && (await isEnough(fewer))) kept = fewer;
    }
  }
  return kept;
}

function isClean({ files }: Assessment): boolean {
  return files.every(({ verdict }) => verdict === 'clean');
}

function allowanceOf(entry: Entry): Allowance {
  return { ...entry, owner: 'a trial', reason: 'a trial', expires: '9999-12-31' };
}
