import { type Command, Option } from 'commander';
import { AssayError } from '../core/errors.ts';
import { isSeverity, SEVERITIES, type Severity } from '../core/severity.ts';
import type { Environment } from '../policy/environment.ts';
import { DEFAULT_POLICY, SHIPPED_POLICIES } from '../policy/shipped.ts';
import { addEnvironmentOptions, type EnvironmentFlags, environmentOf } from './environment-options.ts';
import { type RulesetChoice, rulesetOption } from './rules-place.ts';
import type { Shell } from './shell.ts';
import { addTrustOptions, type TrustFlags, trustOf } from './trust-options.ts';
import { addWaiverOptions, WAIVER_GUIDE, type WaiverFlags, waiversOf } from './waiver-options.ts';

export const SCAN_FORMATS = ['table', 'json', 'jsonl', 'sarif', 'openvex', 'markdown', 'junit', 'cyclonedx'] as const;
export type ScanFormat = (typeof SCAN_FORMATS)[number];

/** What was asked on the command line, checked. */
export interface ScanRequest {
  readonly targets: readonly string[];
  readonly format: ScanFormat;
  readonly output: string | undefined;
  readonly policy: string;
  readonly failOn: Severity | undefined;
  readonly allow: string | undefined;
  readonly coverage: boolean;
  readonly quiet: boolean;
  readonly verbose: boolean;
  readonly color: boolean;
  readonly offline: boolean;
  /** Whose signature is believed. */
  readonly trust: TrustFlags;
  readonly pardons: WaiverFlags;
  /** What it is judged for. */
  readonly environment: Environment;
  readonly ruleset: RulesetChoice;
}

interface ScanFlags
  extends Omit<ScanRequest, 'targets' | 'format' | 'failOn' | 'output' | 'allow' | 'trust' | 'pardons' | 'environment'>,
    EnvironmentFlags,
    TrustFlags,
    WaiverFlags {
  readonly format: string;
  readonly failOn?: string;
  readonly output?: string;
  readonly allow?: string;
}

const GUIDE = `
Policies:
${SHIPPED_POLICIES.map(({ name, summary }) => `  ${name.padEnd(10)}  ${summary}`).join('\n')}

Examples:
  assay scan ./model
  assay scan hf://openai-community/gpt2@main --offline
  assay scan model.pt --format json -o report.json
  assay scan ./a ./b --format jsonl --policy strict --fail-on low
  assay scan . --format sarif -o assay.sarif    for GitHub code scanning
  assay scan ./model --format markdown          for a comment on a pull request
  assay scan ./model --format cyclonedx         a bill of materials (ML-BOM)
  assay scan ./model --public-key publisher.pub the signature must hold, too

Exit codes: 0 allowed (warnings included), 1 denied, 2 could not complete. A deny wins.
`;

export function registerScan(program: Command, shell: Shell): void {
  const command = program
    .command('scan')
    .summary('judge a model without loading it')
    .description('Judges every file of a model without loading it: what would run, what is unknown, what is safe.')
    .argument(
      '<target...>',
      'a file, a folder, hf://owner/model[@revision], https://..., s3://..., oci://..., models:/...',
    )
    .addOption(new Option('-f, --format <format>', 'how to report').choices(SCAN_FORMATS).default('table'))
    .option('-o, --output <file>', 'write the report there, whole or not at all, instead of to stdout')
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
    .option('--coverage', 'show which bytes of each file were parsed, skipped as opaque data, or unread', false)
    .option('-q, --quiet', 'no progress; of a table, the decision alone', false)
    .option('-v, --verbose', 'list clean files, every finding and every check', false)
    .option('--no-color', 'never colour (NO_COLOR and FORCE_COLOR are honoured, too)')
    .option('--offline', 'never open a connection', false)
    .addHelpText('after', GUIDE + WAIVER_GUIDE)
    .action(async (targets: string[], flags: ScanFlags) => {
      const request = checkRequest(targets, flags);
      const { runScan } = await import('./run-scan.ts');
      await runScan(request, shell);
    });
}

/** @throws AssayError `usage` for what the argument parser cannot know. */
function checkRequest(targets: readonly string[], flags: ScanFlags): ScanRequest {
  const format = SCAN_FORMATS.find((known) => known === flags.format) ?? 'table';
  if (format === 'json' && targets.length > 1) {
    throw new AssayError('usage', `takes one target, not ${targets.length}`, {
      subject: '--format json',
      mend: 'use --format jsonl, which writes a line for each',
    });
  }
  if (flags.signature !== undefined && targets.length > 1) {
    throw new AssayError('usage', `is of one target, not of ${targets.length}`, {
      subject: '--signature',
      mend: 'scan them one by one, or keep each signature in its model as model.sig',
    });
  }
  return {
    ...flags,
    trust: trustOf(flags),
    pardons: waiversOf(flags),
    environment: environmentOf(flags),
    targets,
    format,
    failOn: flags.failOn !== undefined && isSeverity(flags.failOn) ? flags.failOn : undefined,
    output: flags.output,
    allow: flags.allow,
  };
}
