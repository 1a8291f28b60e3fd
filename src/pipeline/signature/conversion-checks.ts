import type { AttestedConversion, Check } from '../../core/assessment/index.ts';
import type { ConversionVerification } from '../../core/conversion/index.ts';
import { type ArtifactFile, isAssayError, throwIfAborted } from '../../core/index.ts';
import type { ConversionPredicate } from '../../integrity/statements/index.ts';
import type { TrustFile } from '../../integrity/trust-file/index.ts';
import { type ScannedFile, scannedBytes } from './scanned-bytes.ts';

/** The name that `assay convert` gives the attestation; the code for attestations is loaded when there is one. */
const NAME = 'conversion.intoto.json';
const MAX_BYTES = 16 * 1024 * 1024;

/** Whether the files are those that a trusted signer converted. */
const ATTESTED_CHECK = 'conversion.attested';
/** Whether what they compute, or hold, was compared with the source. */
const VERIFIED_CHECK = 'conversion.verified';
/** Whether the source was clean. */
const SOURCE_CHECK = 'conversion.source';

/** What is known of a conversion: its checks, and what was attested when the first of them passes. */
export interface JudgedConversion {
  readonly checks: readonly Check[];
  readonly conversion?: AttestedConversion;
}

export interface ConversionTrust {
  /** The signers that may sign conversions; none is trusted when absent. */
  readonly converters: TrustFile | undefined;
  /** The bytes are downloaded and scanned again before anything is decided: that scan verifies the attestation. */
  readonly later: boolean;
  readonly signal: AbortSignal | undefined;
}

/**
 * Verifies the attestation of a conversion that lies among the files.
 * @returns nothing when there is none, else `conversion.attested`, `conversion.verified` and `conversion.source`; the last two are
 *   not assessed unless the first passes, because anybody can write any statement
 * @throws AssayError `aborted`, `internal`
 */
export async function conversionChecks(
  files: readonly ArtifactFile[],
  scanned: readonly ScannedFile[],
  { converters, later, signal }: ConversionTrust,
): Promise<JudgedConversion> {
  const file = files.find(({ path }) => path === NAME);
  if (file === undefined) return { checks: [] };
  if (converters === undefined || converters.rules.length === 0)
    return unproven('not-assessed', `${NAME} is not verified: nobody is trusted; give --trust, or --public-key`);
  const hashed = scanned.flatMap(({ path, sha256, digestBasis }) =>
    sha256 !== null && digestBasis === 'computed' ? [{ path, sha256 }] : [],
  );
  if (hashed.length < scanned.length) {
    const detail = `${NAME} is about every byte, but ${scanned.length - hashed.length} of ${scanned.length} files were not fully read`;
    return unproven(later ? 'not-assessed' : 'error', detail);
  }
  try {
    const own = scanned.find(({ path }) => path === NAME);
    const bytes = await scannedBytes(file, own, MAX_BYTES, signal);
    return await verified(bytes, hashed, converters);
  } catch (error) {
    throwIfAborted(signal);
    if (!isAssayError(error) || error.code === 'internal') throw error;
    return unproven('error', `${NAME} cannot be read: ${error.message}`);
  }
}

async function verified(
  bytes: Uint8Array,
  files: readonly { readonly path: string; readonly sha256: string }[],
  converters: TrustFile,
): Promise<JudgedConversion> {
  const { isSignatureError, readBundle } = await import('../../integrity/envelope/index.ts');
  const { verifyAttestation } = await import('../../integrity/attestations/index.ts');
  const { PREDICATE_TYPES } = await import('../../integrity/statements/index.ts');
  try {
    const { statement, rule } = await verifyAttestation(readBundle(bytes, NAME), converters, {
      kind: 'conversion',
      files,
    });
    if (statement.predicateType !== PREDICATE_TYPES.conversion) return unproven('fail', `${NAME} is another statement`);
    const { predicate, subject } = statement;
    const attested = `"${rule.name}" signed that ${subject.length} files were converted to ${predicate.target} from ${predicate.source.pinned}`;
    const { source: from, target, salvaged } = predicate;
    return {
      checks: [{ id: ATTESTED_CHECK, status: 'pass', detail: attested }, verification(predicate), source(predicate)],
      conversion: {
        signer: rule.name,
        target,
        source: { pinned: from.pinned, digest: from.digest, verdict: from.verdict },
        salvaged,
        files: predicate.files.map(({ path, verification: how }) => ({ path, verification: how })),
      },
    };
  } catch (error) {
    // What is not a bundle does not verify, either.
    if (!isSignatureError(error) && !(isAssayError(error) && error.code === 'malformed')) throw error;
    return unproven('fail', `${NAME} is not valid: ${error.message}`);
  }
}

function unproven(status: Check['status'], detail: string): JudgedConversion {
  const open = `only a verified ${NAME} says it`;
  return {
    checks: [
      { id: ATTESTED_CHECK, status, detail },
      { id: VERIFIED_CHECK, status: 'not-assessed', detail: open },
      { id: SOURCE_CHECK, status: 'not-assessed', detail: open },
    ],
  };
}

/** A model that was compared with itself alone may compute something else than its source. */
const AGAINST_SOURCE: ReadonlySet<ConversionVerification['kind']> = new Set(['against source outputs', 'tensor bytes']);

function verification({ files }: ConversionPredicate): Check {
  const [first] = files.flatMap((file) => {
    const open = howOpen(file.verification);
    return open === undefined ? [] : [`${file.path} ${open}`];
  });
  if (first !== undefined) return { id: VERIFIED_CHECK, status: 'not-assessed', detail: first };
  const kinds = [...new Set(files.flatMap((file) => file.verification?.kind ?? []))].join(', ');
  return { id: VERIFIED_CHECK, status: 'pass', detail: `${files.length} files were verified: ${kinds}` };
}

/** Why a verification does not show that a file is what its source is; `undefined` when it does. */
function howOpen(verification: ConversionVerification | null): string | undefined {
  const again = 'convert it again with --verify inputs.npz,outputs.npz';
  if (verification === null) return `was not verified: ${again}`;
  if (verification.of === 'onnx graph') return 'was not run: the ONNX graph that it was translated from was';
  // Code of the model made the model and the outputs.
  if (verification.inputs?.from === 'sandbox') return `was compared with what its code gave in a sandbox: ${again}`;
  if (AGAINST_SOURCE.has(verification.kind)) return undefined;
  return `was compared with itself alone (self-consistency): ${again}`;
}

function source({ source: { verdict, pinned }, salvaged }: ConversionPredicate): Check {
  if (verdict === 'clean') return { id: SOURCE_CHECK, status: 'pass', detail: `the source was clean: ${pinned}` };
  const taken = salvaged ? 'the tensors were taken out of files' : 'the files were made from one';
  const status = verdict === 'not-assessed' ? 'not-assessed' : 'fail';
  return { id: SOURCE_CHECK, status, detail: `${taken} whose verdict was ${verdict}: ${pinned}` };
}
