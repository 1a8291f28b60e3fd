import { bundleToJSON } from '@sigstore/bundle';
import { DSSEBundleBuilder, FulcioSigner, RekorWitness, TSAWitness } from '@sigstore/sign';
import { expect } from 'vitest';
import { readBundle, type SignedBundle } from '../../../src/integrity/envelope/bundle.ts';
import { IN_TOTO_PAYLOAD } from '../../../src/integrity/envelope/dsse.ts';
import { isSignatureError, type SignatureProblem } from '../../../src/integrity/envelope/signature-error.ts';
import { readTrustedRoot } from '../../../src/integrity/sigstore/trusted-root.ts';
import { verifyKeyless } from '../../../src/integrity/sigstore/verify-keyless.ts';
import type { Trust } from '../../../src/integrity/trust/trust.ts';
import type { SigstoreServices } from '../../support/sigstore-services.ts';
import { TEST_IDENTITY, TEST_ISSUER } from '../../support/sigstore-services.ts';

export type WitnessKind = 'rekor1' | 'rekor1-intoto' | 'rekor2' | 'tsa';
export type KeylessTrust = Extract<Trust, { kind: 'keyless' }>;

/** The JSON of a bundle, as far as tests change it. */
export interface BundleJson {
  mediaType: string;
  verificationMaterial: {
    certificate?: { rawBytes: string };
    x509CertificateChain?: { certificates: { rawBytes: string }[] };
    tlogEntries: LogEntryJson[];
    timestampVerificationData?: { rfc3161Timestamps: { signedTimestamp: string }[] };
  };
  dsseEnvelope: { payload: string; payloadType: string; signatures: { sig: string; keyid?: string }[] };
}

export interface LogEntryJson {
  logIndex?: string;
  logId: { keyId: string };
  kindVersion: { kind: string; version: string };
  integratedTime?: string;
  inclusionPromise?: { signedEntryTimestamp: string };
  inclusionProof?: {
    logIndex?: string;
    rootHash: string;
    treeSize: string;
    hashes?: string[];
    checkpoint?: { envelope: string };
  };
  canonicalizedBody: string;
}

export const PAYLOAD = Buffer.from('{"_type":"https://in-toto.io/Statement/v1","subject":[]}');

/** Signs through services, with Sigstore's own client. */
export async function signKeyless(
  { url, token }: SigstoreServices,
  witnesses: readonly WitnessKind[],
  claims: Readonly<Record<string, unknown>> = {},
): Promise<BundleJson> {
  const builder = new DSSEBundleBuilder({
    signer: new FulcioSigner({ fulcioBaseURL: url, identityProvider: { getToken: async () => token(claims) } }),
    witnesses: witnesses.map((kind) =>
      kind === 'tsa'
        ? new TSAWitness({ tsaBaseURL: url })
        : new RekorWitness({
            rekorBaseURL: url,
            entryType: kind === 'rekor1-intoto' ? 'intoto' : 'dsse',
            majorApiVersion: kind === 'rekor2' ? 2 : 1,
          }),
    ),
  });
  const bundle = await builder.create({ data: PAYLOAD, type: IN_TOTO_PAYLOAD });
  return JSON.parse(JSON.stringify(bundleToJSON(bundle)));
}

export function trustOf(root: unknown, identity = TEST_IDENTITY, issuer = TEST_ISSUER): KeylessTrust {
  const read = readTrustedRoot(Buffer.from(JSON.stringify(root)), 'trusted_root.json');
  return { kind: 'keyless', root: read, identity: { identity, issuer } };
}

export function readJson(json: unknown): SignedBundle {
  return readBundle(Buffer.from(JSON.stringify(json)), 'model.sig');
}

export function verifyJson(json: unknown, trust: KeylessTrust) {
  return verifyKeyless(readJson(json), trust);
}

/** Base64 with one byte changed. */
export function flipped(base64: string, at: number): string {
  const bytes = Buffer.from(base64, 'base64');
  const index = at < 0 ? bytes.length + at : at;
  bytes[index] = (bytes[index] ?? 0) ^ 0x01;
  return bytes.toString('base64');
}

export function expectRefused(run: () => unknown, problem: SignatureProblem, why: string | RegExp): void {
  let found: unknown;
  try {
    run();
  } catch (error) {
    found = error;
  }
  if (!isSignatureError(found)) throw found ?? new Error('nothing was refused');
  expect(found.message).toMatch(why);
  expect(found.problem).toBe(problem);
}

export function entryOf({ verificationMaterial }: BundleJson): LogEntryJson {
  const [entry] = verificationMaterial.tlogEntries;
  if (entry === undefined) throw new Error('the bundle has no log entry');
  return entry;
}

export function proofOf(bundle: BundleJson): NonNullable<LogEntryJson['inclusionProof']> {
  const { inclusionProof } = entryOf(bundle);
  if (inclusionProof === undefined) throw new Error('the log entry has no proof');
  return inclusionProof;
}

export function stampsOf({ verificationMaterial }: BundleJson): { signedTimestamp: string }[] {
  return verificationMaterial.timestampVerificationData?.rfc3161Timestamps ?? [];
}

export function changed(bundle: BundleJson, change: (copy: BundleJson) => void): BundleJson {
  const copy = structuredClone(bundle);
  change(copy);
  expect(copy).not.toEqual(bundle);
  return copy;
}
