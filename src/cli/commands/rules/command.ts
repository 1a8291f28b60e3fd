import { type Command, Option } from 'commander';
import type { Shell } from '../../terminal/index.ts';
import type { RulesBuildFlags, RulesUpdateFlags } from './request.ts';

const GUIDE = `
A rule bundle is one signed file. It may list names, remove listed names, add dangerous names, raise severities, and
contain advisories: digests of files that are known to be bad. It may not list a dangerous name, drop a contract or lower a
severity, whoever signed it. It is installed in $ASSAY_HOME, or in assay below $XDG_DATA_HOME; every report names the version
and the digest of the rules in use.

Examples:
  assay rules                                                         the rules in use
  assay rules update --from rules.bundle --public-key security.pub    without a network, without upgrading assay
  assay rules update --from https://mirror.acme.example/rules.bundle --trust trust.yaml
  assay rules build --from-lists ./lists --rules-version 2026.12.1 --private-key security.pem -o rules.bundle
  assay rules remove                                                  back to the built-in rules
  assay scan ./model --ruleset builtin                                once without the installed rules

Exit codes: 0 done, 1 the signature does not hold, 2 could not complete.
`;

const LISTS_GUIDE = `
The folder holds JSON files: dangerous.json ({"modules": {"acme.shell": "runs programs"}, "globals": {"acme:run": "..."}}),
severities.json ({"pickle.global.unlisted": "high"}), advisories.json ([{"id", "title", "url", "sha256": [...]}]), and lists:
any other name, such as acme.json; one with the name of a shipped list replaces it. A list is
  {"tier": "organisation", "library": "acme", "script": "", "versions": ["1.0"],
   "globals": [["acme.tokens", "Table", "import call new build", "1.0"]]}
Uses: import (as a value), call, new (an instance), build (takes a state), items (takes elements).
`;

export function registerRules(program: Command, shell: Shell): void {
  const rules = program
    .command('rules')
    .summary('show the rules in use, and install newer ones')
    .description('Shows the rules in use; installs, builds and removes signed rule bundles.')
    .addHelpText('after', GUIDE);
  rules
    .command('show', { isDefault: true })
    .summary('show the rules in use')
    .description('Shows the version, the digest and the origin of the rules in use.')
    .addOption(new Option('-f, --format <format>', 'output format').choices(['table', 'json']).default('table'))
    .action(async ({ format }: { format: string }) => {
      const { runRulesShow } = await import('./run.ts');
      await runRulesShow(format === 'json' ? 'json' : 'table', shell);
    });
  rules
    .command('update')
    .summary('install a signed rule bundle')
    .description('Installs a signed rule bundle. A bundle that is not newer than the installed one is refused.')
    .requiredOption('--from <file|url>', 'the bundle: a file, or an https:// address')
    .option('--public-key <file>', 'public key of the signer (PEM)')
    .option('--trust <file>', 'a trust file with signers who can sign rules; else $ASSAY_TRUST')
    .option('-q, --quiet', 'print only errors', false)
    .action(async (flags: RulesUpdateFlags) => {
      const { runRulesUpdate } = await import('./run.ts');
      await runRulesUpdate(flags, shell);
    });
  rules
    .command('remove')
    .summary('go back to the built-in rules')
    .description('Removes the installed rules; the built-in rules are used again.')
    .option('-q, --quiet', 'print only errors', false)
    .action(async ({ quiet }: { quiet: boolean }) => {
      const { runRulesRemove } = await import('./run.ts');
      await runRulesRemove(quiet, shell);
    });
  rules
    .command('build')
    .summary('build a signed rule bundle')
    .description('Builds a signed rule bundle from a folder of lists.')
    .requiredOption('--from-lists <folder>', 'the folder')
    .requiredOption('--rules-version <version>', 'higher than the version of the rules before: 2026.12.1')
    .option('--expires <time>', 'when the rules expire: 2027-01-31T00:00:00Z')
    .option('--minimum-program <version>', 'the oldest version of assay that may use the rules (default: this version)')
    .requiredOption('--private-key <file>', 'the key to sign with (PEM)')
    .option('--passphrase-file <file>', 'a file that holds the passphrase of the key; else $ASSAY_KEY_PASSPHRASE')
    .option('-o, --output <file>', 'write the bundle to this file, atomically, instead of stdout')
    .option('-q, --quiet', 'print only errors', false)
    .addHelpText('after', LISTS_GUIDE)
    .action(async (flags: RulesBuildFlags) => {
      const { runRulesBuild } = await import('./build.ts');
      await runRulesBuild(flags, shell);
    });
}
