import { type Command, Option } from 'commander';
import { isSeverity, SEVERITIES } from '../../../core/assessment/index.ts';
import type { Shell } from '../../terminal/index.ts';

interface DiffFlags {
  readonly format: string;
  readonly output?: string;
  readonly failOnNew?: string;
  readonly quiet: boolean;
  readonly verbose: boolean;
  readonly color: boolean;
}

const GUIDE = `
Findings are the same when their fingerprints are: rule, file, member and subject, at whatever offset. If the reports
come from two rulesets or two policies, the comparison says so: findings may then differ because of the rules.

--fail-on-new also counts files that are new or were better before, and are not clean now: malicious as critical, unknown
and suspicious as medium, not assessed as low.

Examples:
  assay scan ./model --format json -o old.json
  assay diff old.json new.json
  assay diff old.json new.json --fail-on-new high    in CI: exits with 1 for new findings of high or critical severity
  assay diff old.json new.json --format json -o diff.json

Exit codes: 0 compared, 1 something new is at least as severe as --fail-on-new, 2 could not compare.
`;

export function registerDiff(program: Command, shell: Shell): void {
  program
    .command('diff')
    .summary('compare two reports: what is new, fixed, unchanged')
    .description('Compares two JSON reports: new, fixed and unchanged findings, files, checks, risks, the decision.')
    .argument('<old>', 'a report of assay scan --format json')
    .argument('<new>', 'a later report')
    .addOption(new Option('-f, --format <format>', 'output format').choices(['table', 'json']).default('table'))
    .option('-o, --output <file>', 'write the comparison to this file, atomically, instead of stdout')
    .addOption(
      new Option('--fail-on-new [severity]', 'exit with 1 when something new is at least this severe (default: info)')
        .choices(SEVERITIES)
        .preset('info'),
    )
    .option('-q, --quiet', 'in a table, only the counts', false)
    .option('-v, --verbose', 'list everything, including unchanged findings', false)
    .option('--no-color', 'disable colour (NO_COLOR and FORCE_COLOR are honoured, too)')
    .addHelpText('after', GUIDE)
    .action(async (from: string, to: string, flags: DiffFlags) => {
      const { failOnNew } = flags;
      const { runDiff } = await import('./run.ts');
      await runDiff(
        {
          ...flags,
          from,
          to,
          format: flags.format === 'json' ? 'json' : 'table',
          output: flags.output,
          failOnNew: failOnNew !== undefined && isSeverity(failOnNew) ? failOnNew : undefined,
        },
        shell,
      );
    });
}
