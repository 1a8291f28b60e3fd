import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Assessment } from '../../src/core/assessment/assessment.ts';
import type { Decision, Waiver } from '../../src/core/assessment/decision.ts';
import type { Environment } from '../../src/policy/index.ts';
import { withTests } from '../../src/policy/tests/index.ts';
import { decisionReport, jsonText } from '../../src/report/index.ts';

/**
 * A case that every face of the program has to decide the same way, to the byte. A folder of `cases/` holds:
 * - `case.json`: what it is about, the policy (a shipped name, or a path beside it), the waivers and the environment
 * - `assessment.json`: what is known of an artifact
 * - `decision.json`: the decision as reports have it
 */
export interface ConformanceCase {
  readonly name: string;
  readonly about: string;
  readonly assessment: Assessment;
  /** A shipped name, or an absolute path. */
  readonly policy: string;
  readonly waivers: readonly Waiver[];
  readonly environment: Environment;
  /** Absolute path of the expected decision. */
  readonly expected: string;
}

const FOLDER = new URL('./cases/', import.meta.url);

export function conformanceCases(): ConformanceCase[] {
  return readdirSync(FOLDER).map((name) => {
    const folder = new URL(`${name}/`, FOLDER);
    const read = (file: string) => JSON.parse(readFileSync(new URL(file, folder), 'utf8'));
    const { about, policy, waivers = [], environment = {} } = read('case.json');
    const assessment: Assessment = read('assessment.json');
    return {
      name,
      about,
      // Whoever asks for a suite judges first whether there is a run of it.
      assessment: environment.suite == null ? assessment : withTests(assessment, [], environment.suite),
      policy: policy.startsWith('./') ? fileURLToPath(new URL(policy, folder)) : policy,
      waivers,
      environment,
      expected: fileURLToPath(new URL('decision.json', folder)),
    };
  });
}

/** The bytes that are compared. */
export function decisionText(decision: Decision): string {
  return `${jsonText(decisionReport(decision), 2)}\n`;
}
