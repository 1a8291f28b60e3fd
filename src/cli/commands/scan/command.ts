import { type Command, Option } from 'commander';
import { AssayError } from '../../../core/index.ts';
import { SHIPPED_POLICIES } from '../../../policy/index.ts';
import {
  addJudgingOptions,
  type JudgingFlags,
  type JudgingOptions,
  judgingOf,
  WAIVER_GUIDE,
} from '../../judging/index.ts';
import type { Shell } from '../../terminal/index.ts';
import { SCAN_FORMATS, type ScanRequest } from './request.ts';

interface ScanFlags extends JudgingOptions, Omit<ScanRequest, keyof JudgingFlags | 'targets' | 'format' | 'output'> {
  readonly format: string;
  readonly output?: string;
  readonly quiet: boolean;
  readonly offline: boolean;
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
  assay scan ./model --public-key publisher.pub requires a valid signature, too
  assay scan ./model --rebuild                  and its ONNX model computes what its weights do

Exit codes: 0 allowed (warnings included), 1 denied, 2 could not complete. A deny wins.
`;

export function registerScan(program: Command, shell: Shell): void {
  const command = program
    .command('scan')
    .summary('judge a model without loading it')
    .description('Judges every file of a model without loading it, and decides under a policy.')
    .argument(
      '<target...>',
      'a file, a folder, hf://owner/model[@revision], https://..., s3://..., oci://..., models:/...',
    )
    .addOption(new Option('-f, --format <format>', 'output format').choices(SCAN_FORMATS).default('table'))
    .option('-o, --output <file>', 'write the report to this file, atomically, instead of stdout');
  addJudgingOptions(command)
    .option('--coverage', 'show which bytes of each file were parsed, skipped as opaque data, or unread', false)
    .option(
      '--rebuild',
      'compare each ONNX model with the one that is rebuilt from config.json and the weights beside it',
      false,
    )
    .option('-q, --quiet', 'no progress; in a table, only the decision', false)
    .option('--stats', 'print what the run cost to stderr: time, CPU time, memory, bytes received', false)
    .option('-v, --verbose', 'list clean files, every finding and every check', false)
    .option('--no-color', 'disable colour (NO_COLOR and FORCE_COLOR are honoured, too)')
    .option('--offline', 'never open a connection', false)
    .addHelpText('after', GUIDE + WAIVER_GUIDE)
    .action(async (targets: string[], flags: ScanFlags) => {
      const request = checkRequest(targets, flags);
      const { runScan } = await import('./run.ts');
      await runScan(request, shell);
    });
}

/** @throws AssayError `usage` for what the argument parser cannot know. */
function checkRequest(targets: readonly string[], flags: ScanFlags): ScanRequest {
  const format = SCAN_FORMATS.find((known) => known === flags.format) ?? 'table';
  if (format === 'json' && targets.length > 1) {
    throw new AssayError('usage', `takes one target, not ${targets.length}`, {
      subject: '--format json',
      hint: 'use --format jsonl, which writes a line for each',
    });
  }
  if (flags.signature !== undefined && targets.length > 1) {
    throw new AssayError('usage', `covers one target, not ${targets.length}`, {
      subject: '--signature',
      hint: 'scan them one by one, or keep each signature in its model as model.sig',
    });
  }
  const { output, coverage, rebuild, stats, quiet, verbose, color, offline } = flags;
  return { ...judgingOf(flags), targets, format, output, coverage, rebuild, stats, quiet, verbose, color, offline };
}
