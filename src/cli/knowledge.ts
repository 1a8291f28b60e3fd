import type { OpenOptions } from '../core/artifact.ts';
import type { Assessment } from '../core/assessment.ts';
import { type AssessOptions, assess } from '../pipeline/assess.ts';
import type { ReportContext } from '../report/index.ts';
import { RULES } from '../scan/catalogue.ts';
import { listedGlobals } from '../scan/pickle/allowlists.ts';
import { openArtifact } from '../sources/open-artifact.ts';
import { readAllowances } from './allowance-file.ts';
import { formatTitles } from './format-titles.ts';
import { version } from './version.ts';

/** The ruleset with the organisation's allowances, and what reports need of it. */
export interface Knowledge {
  readonly context: Omit<ReportContext, 'coverage'>;
  isListed(name: string): boolean;
  /** Opens what a reference names, assesses it, and closes it. */
  judge(ref: string, options: OpenOptions & Pick<AssessOptions, 'signature'>): Promise<Assessment>;
}

/** @throws AssayError `usage`, `not-found`, `unreadable` about the allowances. */
export async function loadKnowledge(allowPath: string | undefined): Promise<Knowledge> {
  const own = allowPath === undefined ? { allowances: [], notes: [] } : await readAllowances(allowPath);
  let names: ReadonlySet<string> | undefined;
  return {
    context: { rules: RULES, formats: formatTitles(), version: version() },
    isListed(name) {
      names ??= new Set(
        [...listedGlobals().values(), ...own.allowances].map((entry) => `${entry.module}.${entry.name}`),
      );
      return names.has(name);
    },
    async judge(ref, options) {
      const artifact = await openArtifact(ref, options);
      try {
        const assessment = await assess(artifact, { ...options, allowances: own.allowances });
        return { ...assessment, notes: [...assessment.notes, ...own.notes] };
      } finally {
        await artifact.close();
      }
    },
  };
}
