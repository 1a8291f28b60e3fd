import type { Assessment } from '../../core/assessment/index.ts';
import { type Artifact, version } from '../../core/index.ts';
import { parseReference } from '../../core/reference/index.ts';
import type { AllowanceAdvice, ReportContext } from '../../report/index.ts';
import type { RuleLists } from '../../scan/lists/index.ts';
import { RULES } from '../../scan/rules/index.ts';
import { openArtifact, type SourceOptions } from '../../sources/index.ts';
import { type AssessmentOptions, assessBy, NO_ALLOWANCES, readAllowances } from '../evaluate/index.ts';
import { formatTitles } from '../format-titles.ts';
import { chosenLists, type RulesetChoice } from '../rules/index.ts';
import { adviseOn } from './allowance-advice.ts';
import { addressOf } from './place.ts';

/** A backstop: the trials are counted. */
const ADVICE_MS = 10_000;

/** By path. */
type AllowanceAdvices = ReadonlyMap<string, AllowanceAdvice>;

/** The ruleset with the organisation's allowances, and what reports need of it. */
export interface Knowledge {
  /** The lists in which names are looked up, and notes about them. */
  readonly lists: RuleLists;
  readonly notes: readonly string[];
  readonly context: Omit<ReportContext, 'coverage'>;
  isListed(name: string): boolean;
  /**
   * What would admit the suspicious files of an artifact on this machine; empty for any other.
   * @param deadline ends the trials, not the program: files without advice are left out
   * @throws AssayError `aborted` by the signal
   */
  advise(assessment: Assessment, signal?: AbortSignal, deadline?: AbortSignal): Promise<AllowanceAdvices>;
  /** Opens what a reference names, assesses it, and closes it. */
  judge(ref: string, options: SourceOptions & AssessmentOptions): Promise<Assessment>;
  /** Assesses what is open, and leaves it so. */
  assess(artifact: Artifact, options: AssessmentOptions): Promise<Assessment>;
}

/**
 * @param advisoriesPath advisories about loaders, in place of those of this program
 * @throws AssayError `usage`, `not-found`, `unreadable` about the allowances and advisories, and for installed rules that cannot be used, which
 *   is `mismatch` when somebody changed them.
 */
export async function loadKnowledge(
  allowPath: string | undefined,
  ruleset: RulesetChoice = 'installed',
  env: NodeJS.ProcessEnv = process.env,
  advisoriesPath: string | undefined = env.ASSAY_ADVISORIES,
): Promise<Knowledge> {
  const { lists: chosen, notes } = await chosenLists(ruleset, env);
  const lists = advisoriesPath === undefined ? chosen : await withAdvisories(chosen, advisoriesPath);
  const own = allowPath === undefined ? NO_ALLOWANCES : await readAllowances(allowPath);
  let names: ReadonlySet<string> | undefined;
  const assessOpen = (artifact: Artifact, options: AssessmentOptions) =>
    assessBy(artifact, { lists, allowances: own, notes }, options);
  const isListed = (name: string) => {
    names ??= new Set([...lists.entries(), ...own.allowances].map((entry) => `${entry.module}.${entry.name}`));
    return names.has(name);
  };
  return {
    lists,
    notes,
    context: { rules: rulesOf(lists), formats: formatTitles(), version: version() },
    isListed,
    async advise(assessment, signal, deadline = AbortSignal.timeout(ADVICE_MS)) {
      if (parseReference(assessment.artifact.pinned).kind !== 'path') return new Map();
      const either = signal === undefined ? deadline : AbortSignal.any([signal, deadline]);
      return adviseOn(assessment, { isListed, isOver: () => deadline.aborted && signal?.aborted !== true }, (file) => {
        const place = addressOf(assessment.artifact, file);
        return async (more) => {
          const artifact = await openArtifact(place, { env });
          try {
            const allowances = { ...own, allowances: [...own.allowances, ...more], notes: [] };
            return await assessBy(artifact, { lists, allowances, notes: [] }, { signal: either });
          } finally {
            await artifact.close();
          }
        };
      });
    },
    assess: assessOpen,
    async judge(ref, options) {
      const artifact = await openArtifact(ref, options);
      try {
        return await assessOpen(artifact, options);
      } finally {
        await artifact.close();
      }
    },
  };
}

async function withAdvisories(lists: RuleLists, path: string): Promise<RuleLists> {
  const { readAdvisories } = await import('./advisory-file.ts');
  return { ...lists, loaders: await readAdvisories(path) };
}

/** The catalogue with the severities of the rules that are used. */
function rulesOf({ severities }: RuleLists): ReportContext['rules'] {
  if (severities.size === 0) return RULES;
  return new Map([...RULES].map(([id, rule]) => [id, { ...rule, severity: severities.get(id) ?? rule.severity }]));
}
