import {
  extractReferences,
  isFields,
  ownText,
  type Pinning,
  pinningsOf,
  step,
  type WorkloadReferences,
} from '../../../src/workload/index.ts';
import type { PatchOperation } from '../patch.ts';
import { applied, valueAt } from './apply.ts';
import { type Pin, revisionOf } from './pins.ts';

export interface Rewritten {
  readonly patch: readonly PatchOperation[];
  /** With the patch applied, and what is found in it then. */
  readonly object: unknown;
  readonly found: WorkloadReferences;
  readonly done: readonly Pin[];
  /** Those that the tables know no way to write, or that would not be read back as they should. */
  readonly left: readonly Pin[];
}

/**
 * Writes pins in place of references. What is written is read again as the webhook reads it: a pin counts only where the same place then
 * names exactly the pinned reference, and nothing else of the object reads otherwise.
 */
export function rewritePins(object: unknown, before: WorkloadReferences, pins: readonly Pin[]): Rewritten {
  const possible = pins.flatMap((pin) => {
    const patch = operationsOf(object, pin);
    return patch === undefined ? [] : [{ pin, patch }];
  });
  const first = attempt(object, before, possible, pins);
  // A pin that is not read back may have spoiled others: once more without it.
  const kept = possible.filter(({ pin }) => first.read.has(pin));
  const second = kept.length === possible.length ? first : attempt(object, before, kept, pins);
  if (kept.length === 0 || !kept.every(({ pin }) => second.read.has(pin))) {
    return { patch: [], object, found: before, done: [], left: pins };
  }
  const { read, ...written } = second;
  return {
    ...written,
    done: pins.filter((pin) => read.has(pin)),
    left: pins.filter((pin) => !read.has(pin)),
  };
}

interface Candidate {
  readonly pin: Pin;
  readonly patch: readonly PatchOperation[];
}

interface Attempt {
  readonly patch: readonly PatchOperation[];
  readonly object: unknown;
  readonly found: WorkloadReferences;
  /** Pins that are read back from it; none when something else reads otherwise than before. */
  readonly read: ReadonlySet<Pin>;
}

function attempt(
  object: unknown,
  before: WorkloadReferences,
  candidates: readonly Candidate[],
  pins: readonly Pin[],
): Attempt {
  // Two references of one program share its revision: that is written once.
  const unique = new Map(candidates.flatMap(({ patch }) => patch).map((one) => [JSON.stringify(one), one]));
  const patch = [...unique.values()];
  const changed = patch.length === 0 ? undefined : applied(object, patch);
  if (changed === undefined) return { patch, object, found: before, read: new Set() };
  const found = extractReferences(changed);
  return { patch, object: changed, found, read: readBack(before, found, pins) };
}

function readBack(before: WorkloadReferences, after: WorkloadReferences, pins: readonly Pin[]): ReadonlySet<Pin> {
  const isSame =
    after.unresolved.length === before.unresolved.length && after.references.length === before.references.length;
  const byFound = new Map(pins.map((pin) => [pin.found, pin]));
  const read = new Set<Pin>();
  for (const [index, was] of before.references.entries()) {
    const now = after.references[index];
    const pin = byFound.get(was);
    if (!isSame || now?.where !== was.where || now.role !== was.role) return new Set();
    if (pin !== undefined && now.reference === pin.reference) read.add(pin);
    else if (now.reference !== was.reference) return new Set();
  }
  return read;
}

function operationsOf(object: unknown, pin: Pin): readonly PatchOperation[] | undefined {
  const { where, via, role } = pin.found;
  const text = valueAt(object, where);
  if (pin.reference.startsWith('oci://')) {
    const value = typeof text === 'string' ? imageAt(text, pin.reference) : undefined;
    return value === undefined ? undefined : [{ op: 'replace', path: where, value }];
  }
  for (const pinning of pinningsOf(via, role)) {
    const patch = pinningOperations(object, pin, pinning, text);
    if (patch !== undefined) return patch;
  }
  return undefined;
}

/** The pinned image in the spelling of its user, without the tag; `undefined` for a text that does not name it. */
function imageAt(text: string, pinned: string): string | undefined {
  const [named = ''] = text.split('@');
  const colon = named.indexOf(':', named.lastIndexOf('/') + 1);
  const name = colon < 0 ? named : named.slice(0, colon);
  const [canonical = '', digest] = pinned.split('@');
  const bare = name.replace(/^[a-z][a-z0-9+]*:\/\//i, '').toLowerCase();
  return canonical.endsWith(`/${bare}`) ? `${name}@${digest}` : undefined;
}

function pinningOperations(
  object: unknown,
  pin: Pin,
  pinning: Pinning,
  text: unknown,
): readonly PatchOperation[] | undefined {
  const { where } = pin.found;
  const commit = revisionOf(pin.reference);
  switch (pinning.kind) {
    case 'within': {
      const [, named] = /^((?:hf|huggingface):\/\/[^/:@]+\/[^/:@]+)(?:[:@].*)?$/is.exec(String(text)) ?? [];
      if (named === undefined) return undefined;
      return [{ op: 'replace', path: where, value: `${named}${pinning.spelled === 'colon' ? ':' : '@'}${commit}` }];
    }
    case 'property': {
      const parent = where.slice(0, where.lastIndexOf('/'));
      return isFields(valueAt(object, parent))
        ? [{ op: 'add', path: step(parent, pinning.name), value: commit }]
        : undefined;
    }
    case 'beside': {
      const one = besideOperation(object, where, commit, pinning);
      return one === undefined ? undefined : [one];
    }
  }
}

type Beside = Extract<Pinning, { readonly kind: 'beside' }>;

/** Puts a revision in place of the one that stands, or beside the model where none does. */
function besideOperation(object: unknown, where: string, commit: string, pinning: Beside): PatchOperation | undefined {
  const [, container, field] = /^(.*)\/(args|command|extraArgs|env)\/[^/]+(?:\/value)?$/.exec(where) ?? [];
  if (container === undefined || field === undefined) return undefined;
  const standing =
    standingArgument(object, container, commit, pinning.arguments) ??
    standingVariable(object, container, commit, pinning.variables);
  if (standing !== undefined) return standing;
  const { argument, variable } = pinning.adds;
  if (field === 'env') {
    if (variable === undefined) return undefined;
    return Array.isArray(valueAt(object, `${container}/env`))
      ? { op: 'add', path: `${container}/env/-`, value: { name: variable, value: commit } }
      : { op: 'add', path: step(`${container}/env`, variable), value: commit };
  }
  if (argument === undefined) return undefined;
  // Arguments come after the command.
  const args = valueAt(object, `${container}/args`);
  const list = field === 'command' && Array.isArray(args) && args.length > 0 ? 'args' : field;
  return { op: 'add', path: `${container}/${list}/-`, value: `${argument}=${commit}` };
}

function standingArgument(
  object: unknown,
  container: string,
  commit: string,
  flags: readonly string[],
): PatchOperation | undefined {
  for (const field of ['command', 'args', 'extraArgs']) {
    const words = valueAt(object, `${container}/${field}`);
    if (!Array.isArray(words)) continue;
    const at = words.findIndex((word) => typeof word === 'string' && flags.includes(flagOf(word)));
    if (at < 0) continue;
    const word = String(words[at]);
    const equals = word.indexOf('=');
    if (equals >= 0)
      return { op: 'replace', path: `${container}/${field}/${at}`, value: `${word.slice(0, equals)}=${commit}` };
    return at + 1 < words.length
      ? { op: 'replace', path: `${container}/${field}/${at + 1}`, value: commit }
      : undefined;
  }
  return undefined;
}

/** The name of an argument, with `-` for `_`. */
function flagOf(word: string): string {
  const [name = ''] = word.split('=', 1);
  return name.startsWith('--') ? name.replaceAll('_', '-') : name;
}

function standingVariable(
  object: unknown,
  container: string,
  commit: string,
  names: readonly string[],
): PatchOperation | undefined {
  const env = valueAt(object, `${container}/env`);
  if (Array.isArray(env)) {
    const at = env.findLastIndex((entry) => names.includes(ownText(entry, 'name') ?? ''));
    const name = ownText(env[at], 'name');
    return name === undefined
      ? undefined
      : { op: 'replace', path: `${container}/env/${at}`, value: { name, value: commit } };
  }
  const name = isFields(env) ? names.find((one) => Object.hasOwn(env, one)) : undefined;
  return name === undefined ? undefined : { op: 'replace', path: step(`${container}/env`, name), value: commit };
}
