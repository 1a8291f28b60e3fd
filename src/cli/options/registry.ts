import { type Command, Option } from 'commander';
import type { RegistryFlags } from '../../client/index.ts';

/** The options that say which registry. @param as of `--as`, where it means more than a name */
export function addRegistryOptions(
  command: Command,
  as = 'your name in the audit log (default: the user of this machine)',
): Command {
  return command
    .option('--registry <file|url>', 'a registry on this machine: a file (SQLite), or postgres://user@host/name')
    .option(
      '--rules <file>',
      'policies and approvals of each stage (YAML; default: $ASSAY_RULES, then FILE.d/rules.yaml)',
    )
    .option('--trust <file>', 'who may approve (YAML; default: $ASSAY_TRUST, then FILE.d/trust.yaml)')
    .option('--as <name>', as)
    .option('--url <url>', 'the address of a service (default: $ASSAY_URL)')
    .option('--token-file <file>', 'a file with the token for the service (default: $ASSAY_TOKEN)');
}

/** How a verb that changes the registry answers, and what it may do meanwhile. */
export interface AnswerFlags {
  readonly format: 'table' | 'json';
  readonly quiet: boolean;
  readonly offline: boolean;
}

export function addAnswerOptions(command: Command): Command {
  return command
    .addOption(new Option('-f, --format <format>', 'output format').choices(['table', 'json']).default('table'))
    .option('-q, --quiet', 'no progress; print only errors', false)
    .option('--offline', 'never connect to the sources of models', false);
}

/** The flags about the registry among others. */
export function registryOf(flags: RegistryFlags): RegistryFlags {
  const { registry, rules, trust, as, url, tokenFile } = flags;
  const all = { registry, rules, trust, as, url, tokenFile };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}

/** For the help of each verb. */
export const REGISTRY_GUIDE = `
The registry is a file on this machine (--registry FILE), a database (--registry postgres://user@host/name, with PGPASSWORD), or
a service (ASSAY_URL with ASSAY_TOKEN, or --url with --token-file). approve and promote create a missing file,
with FILE.d beside it: rules.yaml sets the approvals of each stage, trust.yaml the keys that may approve.
`;

export const REGISTRY_EXITS = `
Exit codes: 0 done, 1 not allowed by the rules of the registry or by its policies, 2 could not complete.
`;
