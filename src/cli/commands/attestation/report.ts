import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import * as v from 'valibot';
import { VERDICTS } from '../../../core/assessment/index.ts';
import { readDocument } from '../../../core/bytes/index.ts';
import { AssayError, parseBoundedJson } from '../../../core/index.ts';
import { isCommit, parseReference } from '../../../core/reference/index.ts';
import { sentenceOf, shapeIssue } from '../../../integrity/envelope/index.ts';
import { treeDigest } from '../../../integrity/hash/index.ts';
import { type ArtifactIdentity, omsRootsOf, type Subject, subjectsOf } from '../../../integrity/statements/index.ts';

const HINT = 'write one with assay scan MODEL --format json -o report.json';

const digest = v.pipe(v.string(), v.regex(/^sha256:[0-9a-f]{64}$/, 'is not a SHA-256 digest'));

/** What statements need of a report (schema/report-v1.json). */
const reportSchema = v.object({
  schemaVersion: v.literal('1', 'is not "1"'),
  artifact: v.object({ ref: v.string(), pinned: v.string(), digest: v.nullable(digest) }),
  status: v.picklist(['complete', 'incomplete']),
  decision: v.object({
    action: v.picklist(['allow', 'warn', 'deny']),
    policy: v.pipe(v.string(), v.minLength(1, 'is empty')),
    policyDigest: digest,
    violations: v.array(v.object({ rule: v.string() })),
    rules: v.array(v.object({ id: v.string(), outcome: v.string() })),
  }),
  files: v.pipe(
    v.array(
      v.object({
        path: v.string(),
        size: v.pipe(v.number(), v.safeInteger(), v.minValue(0)),
        sha256: v.nullable(v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/, 'is not a SHA-256 digest'))),
        digestBasis: v.picklist(['computed', 'claimed', 'none']),
        verdict: v.picklist(VERDICTS),
      }),
    ),
    v.minLength(1, 'is empty'),
  ),
  findings: v.array(v.object({ ruleId: v.string(), file: v.string() })),
  checks: v.array(v.object({ id: v.string(), status: v.picklist(['pass', 'fail', 'not-assessed', 'error']) })),
  ruleset: v.object({ version: v.pipe(v.string(), v.minLength(1, 'is empty')), digest }),
});

/** A report of a scan, of its shape, whose digest is that of its files. */
export type ScanReport = v.InferOutput<typeof reportSchema>;

export interface AttestedArtifact {
  /** `sha256:<hex>` */
  readonly digest: string;
  readonly pinned: string;
  /** The pinned reference as an address; of a path, its `file:` URL. */
  readonly resourceUri: string;
  readonly subjects: readonly Subject[];
}

/**
 * Reads what `assay scan --format json` wrote.
 * @throws AssayError `usage` for anything else; `not-found`, `unreadable`, `limit`
 */
export async function readReportDocument(path: string): Promise<ScanReport> {
  const subject = `--report ${path}`;
  const read = v.safeParse(reportSchema, await readDocument(path, '--report', parseReport));
  if (read.success) return read.output;
  throw new AssayError('usage', `is not a report of one artifact: ${sentenceOf(shapeIssue(read.issues))}`, {
    subject,
    hint: HINT,
  });
}

function parseReport(bytes: Uint8Array, subject: string): unknown {
  try {
    return parseBoundedJson(bytes, subject);
  } catch (cause) {
    throw new AssayError('usage', `is not a report: ${cause instanceof Error ? cause.message : 'unreadable'}`, {
      subject,
      hint: HINT,
      cause,
    });
  }
}

/**
 * What the statement about a report's artifact is about.
 * @throws AssayError `usage` when some file has no digest, or one that nobody vouches for; `mismatch` when the digest is not that
 *   of the files
 */
export function attestedArtifact({ artifact, files }: ScanReport, path: string): AttestedArtifact {
  const subject = `--report ${path}`;
  const hashed = files.flatMap(({ path, size, sha256 }) => (sha256 === null ? [] : [{ path, size, sha256 }]));
  if (artifact.digest === null || hashed.length < files.length) {
    throw new AssayError('usage', 'has no digest of the whole artifact, which a statement needs', {
      subject,
      hint: 'download the model and scan the folder',
    });
  }
  if (treeDigest(hashed) !== artifact.digest) {
    throw new AssayError('mismatch', 'has a digest that does not match its files', { subject, hint: 'scan again' });
  }
  const reference = parseReference(artifact.pinned);
  const commit = reference.kind === 'hf' && isCommit(reference.revision) ? reference.revision : undefined;
  if (commit === undefined && files.some(({ digestBasis }) => digestBasis !== 'computed')) {
    throw new AssayError('usage', 'has digests that a server claimed and Assay did not compute', {
      subject,
      hint: 'download the model and scan the folder, or scan a commit of the Hub',
    });
  }
  const omsRoots = omsRootsOf(hashed);
  const whole = reference.kind === 'hf' && reference.path === undefined;
  const identity: ArtifactIdentity = {
    pinned: artifact.pinned,
    tree: artifact.digest,
    ...(omsRoots === undefined ? {} : { omsRoots }),
    ...(whole && commit !== undefined ? { gitCommit: commit } : {}),
    ...(reference.kind === 'oci' && reference.digest !== undefined ? { ociManifest: reference.digest } : {}),
  };
  const resourceUri =
    reference.kind === 'path' ? pathToFileURL(resolve(reference.path)).href : asciiAddress(artifact.pinned);
  return { digest: artifact.digest, pinned: artifact.pinned, resourceUri, subjects: subjectsOf(identity) };
}

/** What no address may hold stands as `%XX`. */
function asciiAddress(address: string): string {
  return address.replace(/[^!-~]|["<>\\^`{|}]/gu, (character) =>
    [...Buffer.from(character)].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join(''),
  );
}
