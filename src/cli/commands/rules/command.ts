import { type Command, Option } from 'commander';
import type { Shell } from '../../terminal/index.ts';
import type { RulesBuildFlags, RulesUpdateFlags } from './request.ts';

const GUIDE = `
A bundle of rules is one signed file. It may list names, take listed ones away, add dangerous names, raise severities, and
hold advisories: digests of files that are known to be bad. It may not list a dangerous name, drop a contract or lower a
severity, whoever signed it. It is installed in $ASSAY_HOME, or in assay below $XDG_DATA_HOME; every report names the version
and the digest of what was used.

Examples:
  assay rules                                                         which rules are used
  assay rules update --from rules.bundle --public-key security.pub    without a network, without upgrading assay
  assay rules update --from https://mirror.acme.example/rules.bundle --trust trust.yaml
  assay rules build --from-lists ./lists --rules-version 2026.12.1 --private-key security.pem -o rules.bundle
  assay rules remove                                                  back to the rules of this program
  assay scan ./model --ruleset builtin                                once without the installed ones

Exit codes: 0 done, 1 the signature does not hold, 2 could not complete.
`;

const LISTS_GUIDE = `
The folder holds JSON files: dangerous.json ({"modules": {"acme.shell": "runs programs"}, "globals": {"acme:run": "..."}}),
severities.json ({"pickle.global.unlisted": "high"}), advisories.json ([{"id", "title", "url", "sha256": [...]}]), and lists:
any other name, such as acme.json; one with the name of a shipped list stands in its place. A list is
  {"tier": "organisation", "library": "acme", "script": "", "versions": ["1.0"],
   "globals": [["acme.tokens", "Table", "import call new build", "1.0"]]}
Uses: import (as a value), call, new (an instance), build (takes a state), items (takes elements).
`;

export function registerRules(program: Command, shell: Shell): void {
  const rules = program
    .command('rules')
    .summary('say which rules are used, and install newer ones')
    .description('Says which rules judge models here; installs, builds and removes signed bundles of rules.')
    .addHelpText('after', GUIDE);
  rules
    .command('show', { isDefault: true })
    .summary('say which rules are used')
    .description('Says which rules judge models here, by version and digest, and where they come from.')
    .addOption(new Option('-f, --format <format>', 'how to report').choices(['table', 'json']).default('table'))
    .action(async ({ format }: { format: string }) => {
      const { runRulesShow } = await import('./run.ts');
      await runRulesShow(format === 'json' ? 'json' : 'table', shell);
    });
  rules
    .command('update')
    .summary('install a signed bundle of rules')
    .description('Installs a signed bundle of rules. An older one than what is there is refused.')
    .requiredOption('--from <file|url>', 'the bundle: a file, or an https:// address')
    .option('--public-key <file>', 'whose rules to install (PEM)')
    .option('--trust <file>', 'a trust file with signers who may sign rules; else $ASSAY_TRUST')
    .option('-q, --quiet', 'say nothing but what is wrong', false)
    .action(async (flags: RulesUpdateFlags) => {
      const { runRulesUpdate } = await import('./run.ts');
      await runRulesUpdate(flags, shell);
    });
  rules
    .command('remove')
    .summary('go back to the rules of this program')
    .description('Removes the installed rules; those of this program are used again.')
    .option('-q, --quiet', 'say nothing but what is wrong', false)
    .action(async ({ quiet }: { quiet: boolean }) => {
      const { runRulesRemove } = await import('./run.ts');
      await runRulesRemove(quiet, shell);
    });
  rules
    .command('build')
    .summary('make a signed bundle of rules')
    .description('Makes a signed bundle of rules from a folder of lists.')
    .requiredOption('--from-lists <folder>', 'the folder')
    .requiredOption('--rules-version <version>', 'higher than that of the rules before: 2026.12.1')
    .option('--expires <time>', 'when the rules end: 2027-01-31T00:00:00Z')
    .option('--minimum-program <version>', 'the oldest assay that may use them; else this one')
    .requiredOption('--private-key <file>', 'the key to sign with (PEM)')
    .option('--passphrase-file <file>', 'a file that holds the passphrase of the key; else $ASSAY_KEY_PASSPHRASE')
    .option('-o, --output <file>', 'write the bundle there, whole or not at all, instead of to stdout')
    .option('-q, --quiet', 'say nothing but what is wrong', false)
    .addHelpText('after', LISTS_GUIDE)
    .action(async (flags: RulesBuildFlags) => {
      const { runRulesBuild } = await import('./build.ts');
      await runRulesBuild(flags, shell);
    });
}
