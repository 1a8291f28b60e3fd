import { type Command, Option } from 'commander';
import { isSeverity, SEVERITIES, type Severity } from '../core/severity.ts';
import type { Environment } from '../policy/environment.ts';
import { DEFAULT_POLICY, SHIPPED_POLICIES } from '../policy/shipped.ts';
import { addEnvironmentOptions, type EnvironmentFlags, environmentOf } from './environment-options.ts';
import { type RulesetChoice, rulesetOption } from './rules-place.ts';
import type { Shell } from './shell.ts';
import { addTrustOptions, type TrustFlags, trustOf } from './trust-options.ts';
import { addWaiverOptions, WAIVER_GUIDE, type WaiverFlags, waiversOf } from './waiver-options.ts';

/** What was asked on the command line, checked. */
export interface PullRequest {
  readonly ref: string;
  readonly policy: string;
  readonly failOn: Severity | undefined;
  readonly allow: string | undefined;
  readonly quiet: boolean;
  readonly verbose: boolean;
  readonly color: boolean;
  /** Whose signature is believed. */
  readonly trust: TrustFlags;
  readonly pardons: WaiverFlags;
  /** What it is judged for. */
  readonly environment: Environment;
  readonly ruleset: RulesetChoice;
}

interface PullFlags
  extends Omit<PullRequest, 'ref' | 'failOn' | 'allow' | 'trust' | 'pardons' | 'environment'>,
    EnvironmentFlags,
    TrustFlags,
    WaiverFlags {
  readonly failOn?: string;
  readonly allow?: string;
}

const GUIDE = `
The model is scanned where it is; when it is allowed, it is downloaded, hashed and scanned again, whole. Only then does it
appear in the Hugging Face cache, and holds exactly the bytes that were judged. Load it by the revision that is printed.

Examples:
  assay pull hf://openai-community/gpt2
  assay pull hf://owner/model@v1.0 --policy strict
  revision=$(assay pull hf://owner/model --quiet | sed -n 's/^revision=//p')

HF_TOKEN, HF_ENDPOINT, HF_HOME and HF_HUB_CACHE are honoured.
Exit codes: 0 allowed and written (warnings included), 1 denied, 2 could not complete. Nothing is written for 1 and 2.
`;

export function registerPull(program: Command, shell: Shell): void {
  const command = program
    .command('pull')
    .summary('scan a model of the Hugging Face Hub, and download it when it is allowed')
    .description(
      'Scans a model of the Hugging Face Hub and, when it is allowed, writes exactly the judged bytes into the Hugging Face cache.',
    )
    .argument('<model>', 'hf://owner/model[@revision], or its page on the Hub')
    .option(
      '-p, --policy <name|file>',
      `what decides: ${SHIPPED_POLICIES.map(({ name }) => name).join(', ')}, or a YAML file`,
      DEFAULT_POLICY,
    )
    .addOption(
      new Option('--fail-on <severity>', 'deny, too, when a finding is at least this severe').choices(SEVERITIES),
    )
    .option('--allow <file>', "your organisation's own allowances (YAML): exact names, with owner and expiry")
    .addOption(rulesetOption());
  addEnvironmentOptions(addWaiverOptions(addTrustOptions(command)))
    .option('-q, --quiet', 'no progress, and the decision and the revision alone', false)
    .option('-v, --verbose', 'list clean files, every finding and every check', false)
    .option('--no-color', 'never colour (NO_COLOR and FORCE_COLOR are honoured, too)')
    .addHelpText('after', GUIDE + WAIVER_GUIDE)
    .action(async (ref: string, flags: PullFlags) => {
      const failOn = flags.failOn !== undefined && isSeverity(flags.failOn) ? flags.failOn : undefined;
      const { runPull } = await import('./run-pull.ts');
      await runPull(
        {
          ...flags,
          ref,
          failOn,
          allow: flags.allow,
          trust: trustOf(flags),
          pardons: waiversOf(flags),
          environment: environmentOf(flags),
        },
        shell,
      );
    });
}
