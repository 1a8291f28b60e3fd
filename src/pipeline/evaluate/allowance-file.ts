import { readFile } from 'node:fs/promises';
import { AssayError, systemCode } from '../../core/index.ts';
import { assertShallowYaml } from '../../core/yaml/index.ts';
import {
  type Allowance,
  dangerOf,
  isUse,
  listedGlobals,
  TAKING_USES,
  type TypesText,
  type Use,
  whyRefused,
  wrongWord,
} from '../../scan/lists/index.ts';
import type { CodeApproval } from '../../scan/repository/index.ts';

export interface AllowanceFile {
  /** The allowances that are valid today. */
  readonly allowances: readonly Allowance[];
  /** The approvals of code that are valid today. */
  readonly approvedCode: readonly CodeApproval[];
  /** Notes for the report: entries that have expired. */
  readonly notes: readonly string[];
}

export const NO_ALLOWANCES: AllowanceFile = { allowances: [], approvedCode: [], notes: [] };

const KEYS: readonly string[] = [
  'module',
  'name',
  'uses',
  'takes',
  'owner',
  'reason',
  'expires',
] satisfies (keyof Allowance)[];
const DOTTED = /^[A-Za-z_]\w*(\.[A-Za-z_]\w*)*$/;
/** CWE-770: a list that people maintain is smaller. */
const MAX_BYTES = 1024 * 1024;

/**
 * Reads an organisation's own allowances: YAML, `allow:` a list of exact names, each with its uses, owner, reason and expiry.
 * @throws AssayError `usage` naming the entry that is wrong; `not-found`, `unreadable`.
 */
export async function readAllowances(path: string, today = new Date()): Promise<AllowanceFile> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    const code = systemCode(error);
    const missing = code === 'ENOENT';
    throw new AssayError(missing ? 'not-found' : 'unreadable', missing ? 'no such file' : `cannot be read (${code})`, {
      subject: `--allow ${path}`,
      hint: 'check the path and its permissions',
      cause: error,
    });
  });
  return allowancesOf(text, `--allow ${path}`, today);
}

/**
 * The same for text that was read already.
 * @param subject what to call the file in messages
 * @throws AssayError `usage` naming the entry that is wrong
 */
export async function allowancesOf(text: string, subject: string, today = new Date()): Promise<AllowanceFile> {
  const { parse } = await import('yaml');
  return parseAllowances(text, subject, parse, today);
}

function parseAllowances(text: string, subject: string, parse: (text: string) => unknown, today: Date): AllowanceFile {
  const wrong = (message: string) =>
    new AssayError('usage', message, { subject, hint: 'assay scan --help shows the format of an entry' });
  if (text.length > MAX_BYTES) throw wrong('is larger than 1 MiB');
  let document: unknown;
  try {
    assertShallowYaml(text);
    document = parse(text);
  } catch (error) {
    const [first = ''] = (error instanceof Error ? error.message : String(error)).split('\n');
    throw wrong(`is not YAML: ${first}`);
  }
  const entries = isRecord(document) && Object.keys(document).join() === 'allow' ? document.allow : undefined;
  if (!Array.isArray(entries)) throw wrong('does not contain exactly one list, "allow"');
  const isCode = (entry: unknown) => isRecord(entry) && 'code' in entry;
  const wrongIn = (index: number) => (message: string) => wrong(`entry ${index + 1} ${message}`);
  const all = entries.flatMap((entry: unknown, index) =>
    isCode(entry) ? [] : [parseAllowance(entry, wrongIn(index))],
  );
  const code = entries.flatMap((entry: unknown, index) =>
    isCode(entry) ? [parseApproval(entry, wrongIn(index))] : [],
  );
  const day = today.toISOString().slice(0, 10);
  const isPast = ({ expires }: { readonly expires: string }) => expires < day;
  return {
    allowances: all.filter((one) => !isPast(one)),
    approvedCode: code.filter((one) => !isPast(one)),
    notes: [
      ...all
        .filter(isPast)
        .map((one) => `the allowance of ${one.module}.${one.name} by ${one.owner} expired on ${one.expires}`),
      ...code
        .filter(isPast)
        .map((one) => `the approval of the code ${one.sha256.slice(0, 12)} by ${one.owner} expired on ${one.expires}`),
    ],
  };
}

const CODE_KEYS: readonly string[] = ['code', 'owner', 'reason', 'expires'];

/** `code: sha256:...`: these bytes were reviewed. */
function parseApproval(entry: unknown, wrong: (message: string) => AssayError): CodeApproval {
  if (!isRecord(entry)) throw wrong('is not a mapping');
  const stray = Object.keys(entry).find((key) => !CODE_KEYS.includes(key));
  if (stray !== undefined) throw wrong(`has "${stray}", which is not one of ${CODE_KEYS.join(', ')}`);
  const text = textReader(entry, wrong);
  const sha256 = /^sha256:([0-9a-f]{64})$/.exec(text('code'))?.[1];
  if (sha256 === undefined) throw wrong('has "code", which is not a digest like sha256:<64 hexadecimal digits>');
  return { sha256, owner: text('owner'), reason: text('reason'), expires: expiryOf(text('expires'), wrong) };
}

/** Reads the texts of an entry, which it has to have. */
function textReader(entry: Record<string, unknown>, wrong: (message: string) => AssayError) {
  return (key: string): string => {
    const value = entry[key];
    if (typeof value !== 'string' || value.trim() === '') throw wrong(`lacks "${key}"`);
    return value;
  };
}

function expiryOf(expires: string, wrong: (message: string) => AssayError): string {
  if (!isDay(expires)) throw wrong(`has "expires: ${expires}", which is not a date like 2027-01-31`);
  return expires;
}

function parseAllowance(entry: unknown, wrong: (message: string) => AssayError): Allowance {
  if (!isRecord(entry)) throw wrong('is not a mapping');
  const stray = Object.keys(entry).find((key) => !KEYS.includes(key));
  if (stray !== undefined) throw wrong(`has "${stray}", which is not one of ${KEYS.join(', ')}`);
  const text = textReader(entry, wrong);
  const module = text('module');
  const name = text('name');
  if (!DOTTED.test(module) || !DOTTED.test(name))
    throw wrong('does not name an exact module and name; patterns are not allowed');
  const expires = expiryOf(text('expires'), wrong);
  const takes = parseTakes(entry.takes, wrong);
  const allowance: Allowance = {
    module,
    name,
    uses: parseUses(entry.uses, wrong),
    owner: text('owner'),
    reason: text('reason'),
    expires,
    ...(takes === undefined ? {} : { takes }),
  };
  const danger = dangerOf(module, name);
  if (danger !== undefined && !listedGlobals().has(`${module}:${name}`)) {
    throw wrong(`allows ${module}.${name}, which nobody can allow: it ${danger}`);
  }
  const refused = whyRefused(module, name);
  if (refused !== undefined) throw wrong(`allows ${module}.${name}, which nobody can allow: it ${refused}`);
  return allowance;
}

/** The values that each use may receive besides plain data: a list of words for each use. Without it, plain data only. */
function parseTakes(value: unknown, wrong: (message: string) => AssayError): TypesText | undefined {
  if (value === undefined) return undefined;
  if (!isRecord(value)) throw wrong('has "takes", which is not a mapping from uses to lists');
  const entries = Object.entries(value).map(([use, words]) => {
    if (!TAKING_USES.some((one) => one === use))
      throw wrong(`has "takes: ${use}", which is not one of ${TAKING_USES.join(', ')}`);
    if (!Array.isArray(words) || words.length === 0) throw wrong(`has "takes: ${use}", which is not a list`);
    return [use, words.map((word: unknown) => parseWord(word, wrong)).join(' ')] as const;
  });
  return Object.fromEntries(entries);
}

function parseWord(word: unknown, wrong: (message: string) => AssayError): string {
  const fault = typeof word === 'string' ? wrongWord(word) : 'is not text';
  if (typeof word !== 'string' || fault !== undefined) throw wrong(`takes "${String(word)}", which ${fault}`);
  const [module = '', name] = word.split(':');
  const named = name !== undefined && module !== 'key' && module !== 'state';
  const refused = named ? whyRefused(module, name) : undefined;
  if (refused !== undefined) throw wrong(`takes ${module}.${name}, which nobody can allow: it ${refused}`);
  return word;
}

function parseUses(value: unknown, wrong: (message: string) => AssayError): Use[] {
  if (!Array.isArray(value) || value.length === 0) throw wrong('lacks "uses"');
  return value.map((use: unknown) => {
    if (typeof use !== 'string' || !isUse(use))
      throw wrong(`has the use "${String(use)}", which is not one of import, call, new, build, items`);
    return use;
  });
}

function isDay(text: string): boolean {
  const time = /^\d{4}-\d{2}-\d{2}$/.test(text) ? Date.parse(`${text}T00:00:00Z`) : Number.NaN;
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(text);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
