import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import {
  CheckSchema,
  RuleOutcomeSchema,
  RulesetSchema,
  ViolationSchema,
} from '../../../core/assessment/schema/index.ts';
import { readDocument } from '../../../core/bytes/index.ts';
import { AssayError, isAssayError } from '../../../core/index.ts';
import { isCommit, parseReference } from '../../../core/reference/index.ts';
import { array, objectOf, pick, type Static, string } from '../../../core/schema/index.ts';
import { treeDigest } from '../../../integrity/hash/index.ts';
import { type ArtifactIdentity, omsRootsOf, type Subject, subjectsOf } from '../../../integrity/statements/index.ts';
import {
  ReportedDecision,
  ReportedFile,
  ReportedFinding,
  ReportSchema,
  readReportParts,
} from '../../../report/schema/index.ts';

const HINT = 'write one with assay scan MODEL --format json -o report.json';

const NAMED = string({ minLength: 1 });

/** The parts of a report that statements need. */
const Attested = objectOf({
  ...pick(ReportSchema, 'artifact', 'status').properties,
  decision: objectOf({
    ...pick(ReportedDecision, 'action', 'policyDigest').properties,
    policy: NAMED,
    violations: array(pick(ViolationSchema, 'rule')),
    rules: array(pick(RuleOutcomeSchema, 'id', 'outcome')),
  }),
  files: array(pick(ReportedFile, 'path', 'size', 'sha256', 'digestBasis', 'verdict')),
  findings: array(pick(ReportedFinding, 'ruleId', 'file')),
  checks: array(pick(CheckSchema, 'id', 'status')),
  ruleset: objectOf({ ...RulesetSchema.properties, version: NAMED }),
});

/** A report of a scan, of its shape, whose digest is that of its files. */
export type ScanReport = Static<typeof Attested>;

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
  const report = await readDocument(path, '--report', parseReport);
  if (report.files.length > 0) return report;
  throw new AssayError('usage', 'is not a report of an artifact: it has no file', {
    subject: `--report ${path}`,
    hint: HINT,
  });
}

function parseReport(bytes: Uint8Array, subject: string): ScanReport {
  try {
    return readReportParts(Attested, bytes, subject);
  } catch (cause) {
    if (!isAssayError(cause) || cause.code === 'limit') throw cause;
    throw new AssayError('usage', cause.message, { subject, hint: HINT, cause });
  }
}

/**
 * What the statement about a report's artifact is about.
 * @throws AssayError `usage` when some file has no digest, or only a claimed one without a pinned commit; `mismatch` when the
 * digest is not that
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
