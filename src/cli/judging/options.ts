import { type Command, Option } from 'commander';
import { isSeverity, SEVERITIES } from '../../core/assessment/index.ts';
import type { RulesetChoice } from '../../pipeline/index.ts';
import type { TrustChoice, WaiverChoice } from '../../pipeline/judging/index.ts';
import { DEFAULT_POLICY, SHIPPED_POLICIES } from '../../policy/index.ts';
import {
  addEnvironmentOptions,
  addTrustOptions,
  type EnvironmentFlags,
  environmentOf,
  rulesetOption,
  trustOf,
} from '../options/index.ts';
import type { JudgingFlags } from './judge.ts';
import { addWaiverOptions, waiverChoiceOf } from './waiver-options.ts';

/** The options that say by what to judge, as commander hands them over. */
export interface JudgingOptions extends EnvironmentFlags, TrustChoice, WaiverChoice {
  readonly policy: string;
  readonly failOn?: string;
  readonly allow?: string;
  readonly advisories?: string;
  readonly ruleset: RulesetChoice;
}

/** All verbs that judge a model have these options. */
export function addJudgingOptions(command: Command): Command {
  command
    .option(
      '-p, --policy <name|file>',
      `the policy: ${SHIPPED_POLICIES.map(({ name }) => name).join(', ')}, or a YAML file`,
      DEFAULT_POLICY,
    )
    .addOption(
      new Option('--fail-on <severity>', 'also deny when a finding is at least this severe').choices(SEVERITIES),
    )
    .option(
      '--allow <file>',
      "your organisation's own allowances (YAML): exact names and digests of reviewed code, with owner and expiry",
    )
    .option(
      '--advisories <file>',
      'advisories about loaders (JSON), in place of the built-in ones; or ASSAY_ADVISORIES',
    )
    .addOption(rulesetOption());
  return addEnvironmentOptions(addWaiverOptions(addTrustOptions(command)));
}

export function judgingOf(options: JudgingOptions): Omit<JudgingFlags, 'quiet' | 'offline'> {
  const { policy, failOn, allow, advisories, ruleset } = options;
  return {
    policy,
    failOn: failOn !== undefined && isSeverity(failOn) ? failOn : undefined,
    allow,
    advisories,
    ruleset,
    trust: trustOf(options),
    waivers: waiverChoiceOf(options),
    environment: environmentOf(options),
  };
}
