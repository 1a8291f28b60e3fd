import { severityRank } from '../../core/assessment/index.ts';
import { AssayError } from '../../core/index.ts';
import { python3Name } from '../../formats/pickle/index.ts';
import {
  compareVersions,
  dangerAmong,
  dangerOf,
  type ListedGlobal,
  listedGlobals,
  mayHold,
  mergedWith,
  PLAIN,
  type RuleBundle,
  shippedAllowlists,
  type Takes,
} from '../lists/index.ts';
import { RULES } from './catalogue.ts';

/** The program and the time that a bundle is checked against. */
export interface BundleContext {
  readonly now: Date;
  /** The program's own version, `0.1.0`. */
  readonly program: string;
}

/**
 * The rules for every bundle, independent of its signer: it is valid today and for this program, and weakens no protection
 * against code. It may list unknown names, remove listed names, and raise severities. It must not list a dangerous name, give a
 * name with a contract another use or no contract, or lower a severity.
 * @throws AssayError `usage`
 */
export function checkBundle(bundle: RuleBundle, subject: string, { now, program }: BundleContext): void {
  const wrong = (message: string, hint: string) => new AssayError('usage', message, { subject, hint });
  if (bundle.expires !== undefined && !(now.getTime() < Date.parse(bundle.expires))) {
    throw wrong(`the rules expired on ${bundle.expires}`, 'get a newer rule bundle');
  }
  if (compareVersions(bundle.minimumProgram, program) > 0) {
    throw wrong(
      `the rules need version ${bundle.minimumProgram} of assay, but this is version ${program}`,
      'upgrade assay',
    );
  }
  const fault = looseSeverity(bundle) ?? looseName(bundle);
  if (fault !== undefined) throw wrong(fault, 'ask the author of the rule bundle to build it without that');
}

function looseSeverity({ severities }: RuleBundle): string | undefined {
  for (const [id, severity] of Object.entries(severities)) {
    const rule = RULES.get(id);
    if (rule === undefined) return `the rules set the severity of ${id}, which this version does not know`;
    if (severityRank(severity) < severityRank(rule.severity)) {
      return `the rules lower the severity of ${id} from ${rule.severity} to ${severity}`;
    }
  }
  return undefined;
}

/** Judges the merged lists, not each list by itself: one list may hold a contract, and another a use. */
function looseName(bundle: RuleBundle): string | undefined {
  const own = Object.entries(bundle.allowlists);
  for (const [list, { globals }] of own) {
    for (const [module, name, , , contract] of globals) {
      const what = `the list ${list} allows ${module}.${name}`;
      if (dangerAmong(bundle.dangerous, module, name) !== undefined) {
        return `${what}, which the bundle itself calls dangerous`;
      }
      if (contract !== undefined && contract !== listedGlobals().get(`${module}:${name}`)?.contract) {
        return `${what} with a contract that this version does not use for that name`;
      }
    }
  }
  const shipped = shippedAllowlists();
  const merged = mergedWith(bundle);
  for (const { globals } of own.flatMap(([list, one]) => [one, shipped.get(list) ?? { globals: [] }])) {
    for (const [module, name] of globals) {
      const fault = looseGlobal(merged.get(`${module}:${name}`));
      if (fault !== undefined) return `the rules would allow ${module}.${name} ${fault}`;
    }
  }
  return undefined;
}

/** A permission of a guarded name that the lists of this program do not give; `undefined` when there is none. */
function looseGlobal(entry: ListedGlobal | undefined): string | undefined {
  if (entry === undefined) return undefined;
  const { module, name, uses, contract } = entry;
  const shipped = listedGlobals().get(`${module}:${name}`);
  if (contract !== shipped?.contract) return 'without the contract for its arguments';
  const more = looserTypes(entry, shipped);
  if (more !== undefined) return more;
  const python3 = python3Name(module, name);
  const danger = dangerOf(module, name) ?? dangerOf(python3.module, python3.name);
  if (danger === undefined && contract === undefined) return undefined;
  const use = [...uses].find((one) => shipped?.uses.has(one) !== true);
  if (use === undefined) return undefined;
  return danger === undefined
    ? `for the use ${use}, which its contract does not cover`
    : `for the use ${use}, although it ${danger}`;
}

/** A listed name must not receive more than the lists of this program allow, and a new name nothing dangerous. */
function looserTypes(entry: ListedGlobal, shipped: ListedGlobal | undefined): string | undefined {
  if (shipped?.traits?.callable === true && entry.traits?.callable !== true)
    return 'as if its instances could not be called';
  if (shipped?.traits?.dictState === true && entry.traits?.dictState !== true) return 'with a state that has slots';
  const method = [...(entry.traits?.methods ?? [])].find((one) => shipped?.traits?.methods.has(one) !== true);
  if (shipped !== undefined && method !== undefined) return `with its method ${method}, which its list does not name`;
  for (const [use, takes] of entry.types ?? []) {
    const before = shipped?.types?.get(use) ?? PLAIN;
    const more = takes === before ? undefined : looserTakes(takes, before, shipped !== undefined);
    if (more !== undefined) return more;
  }
  return undefined;
}

/** What was found of two types: thousands of entries have the same ones. */
type Compared = WeakMap<Takes, Map<Takes, string | undefined>>;
const NEW_NAMES: Compared = new WeakMap();
const SHIPPED_NAMES: Compared = new WeakMap();

function looserTakes(takes: Takes, before: Takes, isShipped: boolean): string | undefined {
  const compared = isShipped ? SHIPPED_NAMES : NEW_NAMES;
  const known = compared.get(takes) ?? new Map<Takes, string | undefined>();
  compared.set(takes, known);
  if (known.has(before)) return known.get(before);
  const more = moreTaken(takes, before, isShipped);
  known.set(before, more);
  return more;
}

function moreTaken(takes: Takes, before: Takes, isShipped: boolean): string | undefined {
  for (const name of [...takes.callables, ...takes.own.flatMap((names) => [...names])]) {
    if (mayHold(before, name)) continue;
    const [module = '', own = ''] = name.split(':');
    const danger = dangerOf(module, own);
    if (danger !== undefined) return `with ${name}, although that ${danger}`;
    if (isShipped) return `with ${name}, which its types do not name`;
  }
  const key = [...takes.keys].find((one) => !before.keys.has(one));
  return key === undefined ? undefined : `with the key ${key}, which its types do not name`;
}
