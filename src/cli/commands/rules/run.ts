import { AssayError, isAssayError, version } from '../../../core/index.ts';
import { isSignatureError, keyHint, readPublicKey } from '../../../integrity/envelope/index.ts';
import {
  type InstalledRules,
  MAX_BUNDLE_BYTES,
  openRules,
  readBounded,
  readInstalled,
  readSigned,
  removeInstalled,
  rulesPath,
  type SignedInstalled,
  type SignedRules,
  writeInstalled,
} from '../../../pipeline/index.ts';
import { count, jsonText, TextPage, terminalText } from '../../../report/index.ts';
import {
  BUILT_IN_LISTS,
  compareVersions,
  parseRuleBundle,
  RULESET_VERSION,
  type RuleBundle,
} from '../../../scan/lists/index.ts';
import { checkBundle, RULES, rulesetOf } from '../../../scan/rules/index.ts';
import { type Shell, widthOf } from '../../terminal/index.ts';
import type { RulesUpdateFlags } from './request.ts';
import { rulesKeys } from './signature.ts';

/** Says which rules a scan would use. */
export async function runRulesShow(format: 'table' | 'json', shell: Shell): Promise<void> {
  const path = rulesPath(shell.env);
  const installed = await ifThere(readInstalled(path, new Date()));
  const isUsed = installed !== undefined && !installed.isOutdated;
  const lists = isUsed ? installed.lists : BUILT_IN_LISTS;
  const ruleset = rulesetOf([], lists);
  const facts = {
    ...ruleset,
    source: isUsed ? 'installed' : 'program',
    program: { assay: version(), rules: RULESET_VERSION },
    installed: installed === undefined ? null : installedFacts(installed, path),
    rules: RULES.size,
    names: [...lists.entries()].length,
    advisories: new Set(lists.advisories.values()).size,
  };
  shell.stdout.write(format === 'json' ? `${jsonText(facts, 2)}\n` : factsTable(facts, widthOf(shell.stdout)));
}

function installedFacts({ bundle, receipt, isOutdated }: InstalledRules, path: string) {
  return {
    path,
    version: bundle.version,
    issued: bundle.issued,
    expires: bundle.expires ?? null,
    isOutdated,
    from: receipt.from,
    installed: receipt.installed,
    keyHint: keyHint(readPublicKey(receipt.key, path)),
    lists: Object.keys(bundle.allowlists),
    dangerous: Object.keys(bundle.dangerous.modules).length + Object.keys(bundle.dangerous.globals).length,
    severities: Object.keys(bundle.severities).length,
  };
}

interface Facts {
  readonly version: string;
  readonly digest: string;
  readonly source: string;
  readonly installed: ReturnType<typeof installedFacts> | null;
  readonly rules: number;
  readonly names: number;
  readonly advisories: number;
}

function factsTable(facts: Facts, width: number): string {
  const page = new TextPage(width, false);
  page.row('version', facts.version);
  page.row('digest', facts.digest);
  page.row('from', facts.source === 'installed' ? 'installed' : `this program (assay ${version()})`);
  const advisories = count(facts.advisories, 'advisory', 'advisories');
  page.row('holds', `${count(facts.rules, 'rule')}, ${count(facts.names, 'listed name')}, ${advisories}`);
  const { installed } = facts;
  if (installed === null) return page.toString();
  page.gap();
  const unused = installed.isOutdated ? ', not used: older than the built-in rules' : '';
  page.row('installed', `${installed.version}, issued ${installed.issued}${unused}`);
  if (installed.expires !== null) page.row('until', installed.expires);
  page.row('signed by', `the key ${installed.keyHint}`);
  page.row('installed from', `${terminalText(installed.from)}, ${terminalText(installed.installed)}`);
  page.row('adds', `${count(installed.lists.length, 'list')}, ${count(installed.dangerous, 'dangerous name')}`);
  if (installed.severities > 0) page.row('raises', `the severity of ${count(installed.severities, 'rule')}`);
  page.row('lies at', terminalText(installed.path));
  return page.toString();
}

async function ifThere<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (isAssayError(error) && error.code === 'not-found') return undefined;
    throw error;
  }
}

/** Installs a bundle: its signature first, then what it says, then whether it is newer than what is there. */
export async function runRulesUpdate(flags: RulesUpdateFlags, shell: Shell): Promise<void> {
  const now = new Date();
  const path = rulesPath(shell.env);
  const keys = await rulesKeys(flags, shell.env, now);
  const before = await ifThere(readSigned(path));
  const bytes = await readFrom(flags.from, shell);
  const signed = verified(bytes, flags.from, keys, shell);
  if (signed === undefined) return;
  const bundle = parseRuleBundle(signed.payload, flags.from);
  checkBundle(bundle, flags.from, { now, program: version() });
  const isSame = checkNewer(bundle, bytes, flags.from, before);
  if (!isSame) {
    await writeInstalled(path, {
      bundle: Buffer.from(bytes).toString('base64'),
      key: String(signed.key.export({ type: 'spki', format: 'pem' })),
      from: flags.from,
      installed: now.toISOString(),
    });
  }
  if (flags.quiet) return;
  const { digest } = rulesetOf([], (await readInstalled(path, now)).lists);
  const what = `rules ${bundle.version} (${digest}), signed by the key ${keyHint(signed.key).slice(0, 16)}`;
  shell.stdout.write(`${isSame ? 'Already installed' : 'Installed'}: ${what}\n`);
}

function verified(
  bytes: Uint8Array,
  from: string,
  keys: Parameters<typeof openRules>[2],
  shell: Shell,
): SignedRules | undefined {
  try {
    return openRules(bytes, from, keys);
  } catch (error) {
    if (!isSignatureError(error)) throw error;
    shell.stderr.write(`assay: ${terminalText(from)}: nothing was installed: ${terminalText(error.message)}\n`);
    shell.exit(1);
    return undefined;
  }
}

/** @returns whether it is what is installed. @throws AssayError `usage` for a rollback */
function checkNewer(bundle: RuleBundle, bytes: Uint8Array, from: string, before: SignedInstalled | undefined): boolean {
  const refuse = (than: string, hint: string) =>
    new AssayError('usage', `the rules are of version ${bundle.version}, which is not newer than ${than}`, {
      subject: from,
      hint,
    });
  if (compareVersions(bundle.version, RULESET_VERSION) <= 0) {
    throw refuse(`${RULESET_VERSION}, the version built into this program`, 'get a newer bundle');
  }
  if (before === undefined) return false;
  const order = compareVersions(bundle.version, before.bundle.version);
  if (order === 0 && Buffer.from(bytes).toString('base64') === before.receipt.bundle) return true;
  if (order > 0) return false;
  throw refuse(`${before.bundle.version}, which is installed`, 'get a newer bundle, or remove what is installed first');
}

async function readFrom(from: string, shell: Shell): Promise<Uint8Array> {
  const [, scheme] = /^([a-z][a-z0-9+.-]*):\/\//i.exec(from) ?? [];
  if (scheme === undefined) return readBounded(from, MAX_BUNDLE_BYTES);
  if (scheme.toLowerCase() !== 'https') {
    throw new AssayError('usage', `rules cannot be fetched over ${scheme}`, {
      subject: `--from ${from}`,
      hint: 'use an https:// address, or a file',
    });
  }
  const { fetchRules } = await import('./fetch.ts');
  return fetchRules(from, shell);
}

/** Removes what is installed. */
export async function runRulesRemove(quiet: boolean, shell: Shell): Promise<void> {
  const removed = await removeInstalled(rulesPath(shell.env));
  if (quiet) return;
  const what = removed ? 'Removed the installed rules' : 'No rules are installed';
  shell.stdout.write(`${what}: the built-in rules are used, version ${RULESET_VERSION}.\n`);
}
