import { createHash, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import type { SignatureAssessment } from '../../../src/core/assessment/index.ts';
import type { SignedBundle } from '../../../src/integrity/envelope/bundle.ts';
import { pae } from '../../../src/integrity/envelope/dsse.ts';
import { keyHint, signBytes } from '../../../src/integrity/envelope/keys.ts';
import { isSignatureError, type SignatureError } from '../../../src/integrity/envelope/signature-error.ts';
import { assessSignature, unassessedSignature } from '../../../src/integrity/oms/assess-signature.ts';
import type { SignedModel } from '../../../src/integrity/oms/compare.ts';
import { verifyBundle } from '../../../src/integrity/oms/verify.ts';
import type { Trust } from '../../../src/integrity/trust/trust.ts';

/** Parts of a bundle and of its statement that a test can make invalid. Digests are computed unless given. */
export interface StatementParts {
  type?: unknown;
  predicateType?: unknown;
  subject?: unknown;
  rootDigest?: unknown;
  serialization?: unknown;
  resources?: unknown;
}

export const IN_TOTO = 'application/vnd.in-toto+json';
export const MEDIA_TYPE = 'application/vnd.dev.sigstore.bundle.v0.3+json';

export const keyPair = (namedCurve: string) => generateKeyPairSync('ec', { namedCurve });
export const signingKey = keyPair('P-256').privateKey;
export const trustedKey = createPublicKey(signingKey);

export const sha256 = (bytes: string | Uint8Array) => createHash('sha256').update(bytes).digest('hex');

export interface ResourceJson {
  name: string;
  algorithm: string;
  digest: string;
}

export const resource = (name: string, content: string | Uint8Array = name, algorithm = 'sha256'): ResourceJson => ({
  name,
  algorithm,
  digest: sha256(content),
});

export const FILES = {
  method: 'files',
  hash_type: 'sha256',
  allow_symlinks: false,
  ignore_paths: ['.git', '.gitattributes', '.github', '.gitignore', 'model.sig'],
};

/** `digest` of shards of eight bytes. */
export const SHARDS = { ...FILES, method: 'shards', shard_size: 8 };

/** A statement of OMS v1.0 as JSON text, valid unless a part is given. */
export function statement(parts: StatementParts = {}): string {
  const resources = parts.resources ?? [resource('config.json'), resource('weights/model.bin')];
  const rootDigest = parts.rootDigest ?? rootOf(resources);
  return JSON.stringify({
    _type: parts.type ?? 'https://in-toto.io/Statement/v1',
    subject: parts.subject ?? [{ name: 'model', digest: { sha256: rootDigest } }],
    predicateType: parts.predicateType ?? 'https://model_signing/signature/v1.0',
    predicate: { serialization: parts.serialization ?? FILES, resources },
  });
}

function rootOf(resources: unknown): string {
  const all: unknown[] = Array.isArray(resources) ? resources : [];
  return sha256(Buffer.concat(all.map((one) => Buffer.from(String(Object(one).digest), 'hex'))));
}

/** A bundle as an object that a test can change, signed over any payload. */
export function bundleOf(payload: string | Uint8Array = statement(), key: KeyObject = signingKey) {
  const bytes = Buffer.from(payload);
  return {
    mediaType: MEDIA_TYPE,
    verificationMaterial: { publicKey: { hint: keyHint(createPublicKey(key)) }, tlogEntries: [] },
    dsseEnvelope: {
      payload: bytes.toString('base64'),
      payloadType: IN_TOTO,
      signatures: [{ sig: signBytes(key, pae(IN_TOTO, bytes)).toString('base64'), keyid: '' }],
    },
  };
}

export const bytesOf = (json: unknown) => Buffer.from(JSON.stringify(json));

/** The failure of a signature: the problem, and the message. */
export async function problemOf(work: () => unknown): Promise<{ problem: string; message: string }> {
  try {
    await work();
  } catch (error) {
    if (!isSignatureError(error)) throw error;
    return { problem: error.problem, message: error.message };
  }
  throw new Error('it held');
}

/** The assessment of a signature for a trusted signer, or without trust. */
export async function assessedFor({
  signature,
  bundle,
  trust,
  model,
}: SignatureForTrust): Promise<SignatureAssessment> {
  if (isSignatureError(bundle)) return assessSignature({ signature, verified: bundle, model });
  if (trust === undefined) return unassessedSignature(signature, bundle);
  const verified = await verifyBundle(bundle, trust).catch((error: unknown) => {
    if (isSignatureError(error)) return error;
    throw error;
  });
  return assessSignature({ signature, verified, model });
}

interface SignatureForTrust {
  readonly signature: string;
  readonly bundle: SignedBundle | SignatureError;
  readonly trust: Trust | undefined;
  readonly model: SignedModel;
}
