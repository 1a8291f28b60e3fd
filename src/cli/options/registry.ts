import { type Command, Option } from 'commander';
import type { RegistryFlags } from '../../client/index.ts';

/** The options that say which registry. */
export function addRegistryOptions(command: Command): Command {
  return command
    .option('--registry <file|url>', 'a registry on this machine: a file (SQLite), or postgres://user@host/name')
    .option(
      '--rules <file>',
      'what that registry asks for each stage (YAML); else $ASSAY_RULES, else FILE.d/rules.yaml',
    )
    .option('--trust <file>', 'who may approve there (YAML); else $ASSAY_TRUST, else FILE.d/trust.yaml')
    .option('--as <name>', 'who you are there, instead of the user of this machine')
    .option('--url <url>', 'a service, instead; else $ASSAY_URL')
    .option('--token-file <file>', 'a file that holds the token for the service; else $ASSAY_TOKEN');
}

/** How a verb that changes the registry answers, and what it may do meanwhile. */
export interface AnswerFlags {
  readonly format: 'table' | 'json';
  readonly quiet: boolean;
  readonly offline: boolean;
}

export function addAnswerOptions(command: Command): Command {
  return command
    .addOption(new Option('-f, --format <format>', 'how to report').choices(['table', 'json']).default('table'))
    .option('-q, --quiet', 'no progress, and nothing printed but errors', false)
    .option('--offline', 'never open a connection to where models come from', false);
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
a service (ASSAY_URL with ASSAY_TOKEN, or --url with --token-file). A file that is not there yet is made by approve and promote,
with FILE.d beside it: rules.yaml says what each stage asks for, trust.yaml whose keys approve.
`;

export const REGISTRY_EXITS = `
Exit codes: 0 done, 1 not allowed by the rules of the registry or by its policies, 2 could not complete.
`;
