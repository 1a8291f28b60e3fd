import * as v from 'valibot';
import { type Document, LineCounter, parseDocument, visit } from 'yaml';
import { AssayError, isAssayError } from '../../core/index.ts';
import { assertShallowYaml } from '../../core/yaml/index.ts';
import { type ShapeIssue, sentenceOf, shapeIssue } from '../envelope/index.ts';
import { isStage, parseTime } from '../statements/index.ts';

/**
 * What a signer may sign: a statement of that kind, the set of current decisions (`snapshot`), or bundles of rules
 * (`rules`).
 */
export const SIGNER_ROLES = [
  'model-signature',
  'scan',
  'approval',
  'waiver',
  'break-glass',
  'baseline',
  'image',
  'conversion',
  'tests',
  'data',
  'training',
  'decision',
  'snapshot',
  'rules',
] as const;
export type SignerRole = (typeof SIGNER_ROLES)[number];

/** The roles of approvers, where a stage requires approvals of several roles. */
const APPROVER_ROLES = ['reviewer', 'security-approver', 'admin'] as const;

/** CWE-770: a list that people maintain is smaller. */
const MAX_BYTES = 256 * 1024;
const MAX_SIGNERS = 1000;
const MAX_TEXT = 1000;

const text = v.pipe(v.string(), v.trim(), v.minLength(1, 'is empty'), v.maxLength(MAX_TEXT, 'is too long'));

const signer = v.pipe(
  v.strictObject({
    name: text,
    key: v.exactOptional(text),
    keyless: v.exactOptional(v.strictObject({ identity: text, issuer: text, trustedRoot: v.exactOptional(text) })),
    certificate: v.exactOptional(
      v.strictObject({
        chain: text,
        identity: v.exactOptional(text),
        validity: v.exactOptional(v.picklist(['issued', 'now'], 'is neither issued nor now')),
      }),
    ),
    may: v.pipe(
      v.array(v.picklist(SIGNER_ROLES, `is not one of ${SIGNER_ROLES.join(', ')}`)),
      v.minLength(1, 'is empty'),
      v.check((roles) => new Set(roles).size === roles.length, 'names an entry twice'),
    ),
    stages: v.exactOptional(
      v.pipe(v.array(v.pipe(text, v.check(isStage, 'is not a stage'))), v.minLength(1, 'is empty')),
    ),
    roles: v.exactOptional(
      v.pipe(
        v.array(v.picklist(APPROVER_ROLES, `is not one of ${APPROVER_ROLES.join(', ')}`)),
        v.minLength(1, 'is empty'),
      ),
    ),
    notAfter: v.exactOptional(
      v.pipe(
        text,
        v.check((time) => parseTime(time) !== undefined, 'is not a time like 2027-01-31T00:00:00Z'),
      ),
    ),
  }),
  v.check(
    ({ key, keyless, certificate }) => [key, keyless, certificate].filter((way) => way !== undefined).length === 1,
    'does not have exactly one of key, keyless and certificate',
  ),
  v.check(
    ({ may, stages }) => stages === undefined || may.includes('approval'),
    'has stages, but may not approve anything',
  ),
  v.check(
    ({ may, roles }) => roles === undefined || may.includes('approval'),
    'has roles, but may not approve anything',
  ),
);

const document = v.strictObject({
  version: v.literal(1, 'is not 1'),
  signers: v.pipe(
    v.array(signer),
    v.minLength(1, 'is empty, so no signer is trusted'),
    v.maxLength(MAX_SIGNERS, 'has too many entries'),
  ),
});

/** One entry of a trust file, as it stands there. Paths are relative to the file. */
export type SignerEntry = v.InferOutput<typeof signer> & {
  /** Where it begins. */
  readonly line: number;
};

/**
 * Reads the YAML of a trust file: no aliases, no fields that are not known.
 * @throws AssayError `usage`, with the line
 */
export function parseTrustDocument(bytes: Uint8Array, path: string): SignerEntry[] {
  const wrong = (message: string) => trustFileError(path, message);
  if (bytes.length > MAX_BYTES) throw wrong(`has more than ${MAX_BYTES} bytes`);
  const lines = new LineCounter();
  const yaml = composed(bytes, lines, wrong);
  const read = v.safeParse(document, yaml.toJS({ maxAliasCount: 0 }));
  const lineOf = (at: readonly (string | number)[]) => lineOfPath(yaml, lines, at);
  if (!read.success) {
    const issue = shapeIssue(read.issues);
    throw wrong(`line ${lineOf(keysOf(issue))}: ${sentenceOf(issue)}`);
  }
  const { signers } = read.output;
  for (const [index, { name }] of signers.entries()) {
    if (signers.findIndex((other) => other.name === name) === index) continue;
    throw wrong(`line ${lineOf(['signers', index, 'name'])}: two signers have the name "${name}"`);
  }
  return signers.map((entry, index) => ({ ...entry, line: lineOf(['signers', index]) }));
}

/** The error for a trust file, or for a file that it names. */
export function trustFileError(path: string, message: string, cause?: unknown): AssayError {
  const hint = 'assay attestation --help shows a trust file';
  return new AssayError('usage', message, { subject: path, hint, ...(cause === undefined ? {} : { cause }) });
}

function composed(bytes: Uint8Array, lines: LineCounter, wrong: (message: string) => AssayError): Document.Parsed {
  const yaml = parsedYaml(bytes, lines, wrong);
  const [problem] = [...yaml.errors, ...yaml.warnings];
  if (problem !== undefined) {
    throw wrong(`line ${lines.linePos(problem.pos[0]).line}: is not YAML: ${problem.message.split('\n')[0] ?? ''}`);
  }
  visit(yaml, {
    Alias(_, node) {
      throw wrong(`line ${lines.linePos(node.range?.[0] ?? 0).line}: has an alias, and aliases are not supported`);
    },
  });
  return yaml;
}

function parsedYaml(bytes: Uint8Array, lines: LineCounter, wrong: (message: string) => AssayError): Document.Parsed {
  try {
    const yaml = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    assertShallowYaml(yaml);
    return parseDocument(yaml, { lineCounter: lines, version: '1.2', prettyErrors: false });
  } catch (error) {
    // Not UTF-8, or brackets within brackets past the end of the stack.
    throw wrong(isAssayError(error) || error instanceof RangeError ? 'is nested too deep' : 'is not UTF-8');
  }
}

function keysOf({ path }: ShapeIssue): (string | number)[] {
  return path === '' ? [] : path.split('.').map((key) => (/^\d+$/.test(key) ? Number(key) : key));
}

/** The line of the deepest existing node: a missing node has no line. */
function lineOfPath(yaml: Document.Parsed, lines: LineCounter, path: readonly (string | number)[]): number {
  for (let length = path.length; length >= 0; length--) {
    const node: unknown = yaml.getIn(path.slice(0, length), true);
    if (typeof node !== 'object' || node === null || !('range' in node) || !Array.isArray(node.range)) continue;
    const [offset] = node.range;
    if (typeof offset === 'number') return lines.linePos(offset).line;
  }
  return 1;
}
