import * as v from 'valibot';
import { SEVERITIES } from '../../core/assessment/index.ts';
import { AssayError, parseSignedJson } from '../../core/index.ts';
import { isUse } from './allowlists.ts';
import { wrongWord } from './entry-types.ts';
import { isRulesetVersion } from './ruleset-version.ts';

/** The payload type in the DSSE envelope of a rule bundle: a signature over another type is not a signature over rules. */
export const RULES_PAYLOAD = 'application/vnd.assay.rules.v1+json';

/** CWE-770: the lists of this program are a sixteenth of it. */
export const MAX_RULES_BYTES = 8 * 1024 * 1024;
const BOUNDS = { maxBytes: MAX_RULES_BYTES, maxDepth: 8, maxTokens: 1_000_000 };
const MAX_LISTS = 200;
const MAX_NAMES = 100_000;

const text = (max: number) => v.pipe(v.string(), v.minLength(1, 'is empty'), v.maxLength(max, 'is too long'));
const time = v.pipe(
  v.string(),
  v.regex(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$/, 'is not a time like 2027-01-31T00:00:00Z'),
  v.check((moment) => !Number.isNaN(Date.parse(moment)), 'is not a date of the calendar'),
);
const uses = v.pipe(
  text(100),
  v.check((words) => words.split(' ').every(isUse), 'names a use other than import, call, new, build and items'),
);
const name = v.pipe(text(300), v.regex(/^[A-Za-z_][\w.]*$/, 'is not an exact name'));
const listed = v.union([
  v.strictTuple([name, name, uses, v.pipe(v.string(), v.maxLength(2000, 'is too long'))]),
  v.strictTuple([name, name, uses, v.pipe(v.string(), v.maxLength(2000, 'is too long')), text(100)]),
]);
/** A record whose keys are not property of every object. */
function named<T>(key: RegExp, value: v.GenericSchema<unknown, T>, most: number) {
  return v.pipe(
    v.record(v.pipe(v.string(), v.regex(key, 'is not a name')), value),
    v.check((record) => Object.keys(record).length <= most, 'has too many entries'),
  );
}

const taken = v.pipe(
  text(10_000),
  v.check(
    (words) => words.split(' ').every((word) => wrongWord(word) === undefined),
    'names a type that does not exist',
  ),
);
const types = v.strictObject({
  call: v.exactOptional(taken),
  new: v.exactOptional(taken),
  build: v.exactOptional(taken),
  items: v.exactOptional(taken),
});
const modules = named(/^[A-Za-z_][\w.]{0,299}$/, text(100_000), MAX_NAMES);
const allowlist = v.strictObject({
  tier: text(100),
  library: text(200),
  script: v.pipe(v.string(), v.maxLength(300, 'is too long')),
  versions: v.pipe(v.array(text(100)), v.maxLength(1000, 'has too many entries')),
  globals: v.pipe(v.array(listed), v.maxLength(MAX_NAMES, 'has too many entries')),
  types: v.exactOptional(named(/^[A-Za-z_][\w.]{0,299}:[A-Za-z_][\w.]{0,299}$/, types, MAX_NAMES)),
  otherTypes: v.exactOptional(types),
  everyTypes: v.exactOptional(types),
  strict: v.exactOptional(v.pipe(v.array(text(600)), v.maxLength(MAX_NAMES, 'has too many entries'))),
  callable: v.exactOptional(modules),
  dictStates: v.exactOptional(modules),
  methods: v.exactOptional(named(/^[A-Za-z_][\w.]{0,299}:[A-Za-z_][\w.]{0,299}$/, text(10_000), MAX_NAMES)),
  evidence: v.exactOptional(v.unknown()),
});

const advisory = v.strictObject({
  id: v.pipe(v.string(), v.regex(/^[A-Za-z0-9][\w.:-]{0,99}$/, 'is not an id')),
  title: text(500),
  url: v.exactOptional(v.pipe(text(1000), v.regex(/^https:\/\/[!-~]+$/, 'is not an https address'))),
  sha256: v.pipe(
    v.array(v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/, 'is not a SHA-256 digest'))),
    v.minLength(1, 'is empty'),
    v.maxLength(MAX_NAMES, 'has too many entries'),
  ),
});

const bundle = v.strictObject({
  /** `2026.12.1`; higher than that of the program. */
  version: v.pipe(v.string(), v.check(isRulesetVersion, 'is not a version like 2026.12.1')),
  issued: time,
  expires: v.exactOptional(time),
  /** The oldest program that supports the bundle. */
  minimumProgram: v.pipe(v.string(), v.regex(/^\d{1,9}\.\d{1,9}\.\d{1,9}$/, 'is not a version like 0.1.0')),
  /** By the name of the shipped list in whose place each stands, or another. */
  allowlists: named(/^[a-z0-9][a-z0-9-]{0,63}$/, allowlist, MAX_LISTS),
  /** Dangerous names in addition to those of the program, each with what it does when it is loaded. */
  dangerous: v.strictObject({
    modules: named(/^[A-Za-z_][\w.]{0,299}$/, text(300), MAX_NAMES),
    globals: named(/^[A-Za-z_][\w.]{0,299}:[A-Za-z_][\w.]{0,299}$/, text(300), MAX_NAMES),
  }),
  severities: named(/^[a-z0-9][a-z0-9._-]{0,99}$/, v.picklist(SEVERITIES, 'is not a severity'), 1000),
  advisories: v.pipe(v.array(advisory), v.maxLength(10_000, 'has too many entries')),
});

/** Files that are known to be bad, whatever they look like. */
export type Advisory = v.InferOutput<typeof advisory>;
export type RuleBundle = v.InferOutput<typeof bundle>;

/**
 * Reads the payload of a rule bundle: JSON without unknown fields. `checkBundle` decides whether it may be used.
 * @param subject for messages
 * @throws AssayError `malformed`, `limit`
 */
export function parseRuleBundle(payload: Uint8Array, subject: string): RuleBundle {
  const read = v.safeParse(bundle, parseSignedJson(payload, subject, BOUNDS));
  if (read.success) return read.output;
  const [issue] = read.issues;
  const path = v.getDotPath(issue) ?? '';
  const message = issue.message.startsWith('Invalid') ? 'does not fit the schema of rule bundles' : issue.message;
  throw new AssayError(
    'malformed',
    `is not a valid rule bundle: ${path === '' ? 'it' : `its ${path.slice(0, 200)}`} ${message}`,
    {
      subject,
      hint: 'ask its author to build it with assay rules build',
    },
  );
}
