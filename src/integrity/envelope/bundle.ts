import * as v from 'valibot';
import { AssayError, parseSignedJson } from '../../core/index.ts';
import { decodeBase64 } from './base64.ts';
import { type Envelope, IN_TOTO_PAYLOAD } from './dsse.ts';
import { quoted } from './quoted.ts';
import { sentenceOf, shapeIssue } from './shape-issue.ts';
import { SignatureError } from './signature-error.ts';

/** The key or certificate that verifies the signature of a bundle. */
export type VerificationMaterial =
  /** `hint`: hex SHA-256 of the key's PEM. `pem`: the key itself, as releases 0.2.0 to 1.0.1 of the reference wrote it. */
  | { readonly kind: 'key'; readonly hint?: string; readonly pem?: string }
  /** DER, leaf first. */
  | { readonly kind: 'certificate'; readonly chain: readonly Buffer[] }
  /** A certificate of Fulcio; the whole bundle goes to the Sigstore verifier. */
  | { readonly kind: 'keyless' };

/** A Sigstore bundle that was read and not yet verified. */
export interface SignedBundle {
  readonly mediaType: string;
  readonly material: VerificationMaterial;
  readonly envelope: Envelope;
  /** The document as parsed, for the Sigstore verifier. */
  readonly json: unknown;
}

const BUNDLE = /^application\/vnd\.dev\.sigstore\.bundle(?:\.v(\d[\d.]*)\+json|\+json;\s?version=(\d[\d.]*))$/;
/** Certificates of a private chain, leaf and roots included: real chains are shorter. */
const MAX_CERTIFICATES = 32;
const HINT = 'give the file that holds the signature of a model, such as model.sig';

const optional = <T extends v.GenericSchema>(schema: T) => v.optional(v.nullable(schema));
const RawBytes = v.object({ rawBytes: v.string() });
const Material = v.object({
  publicKey: optional(v.object({ hint: optional(v.string()), rawBytes: optional(v.string()) })),
  x509CertificateChain: optional(v.object({ certificates: v.array(RawBytes) })),
  certificate: optional(RawBytes),
});
const Dsse = v.object({
  payload: v.string(),
  payloadType: v.string(),
  signatures: optional(v.array(v.object({ sig: v.string() }))),
});
const Bundle = v.object({ verificationMaterial: Material, dsseEnvelope: Dsse });

/**
 * Reads a Sigstore bundle with one signed payload, an in-toto statement unless another type is named, in a DSSE envelope
 * (https://docs.sigstore.dev/about/bundle/), versions 0.1 to 0.3. Nothing is verified. Fields that are not known are passed over.
 * @param name of the file, for messages
 * @throws AssayError `malformed`, `limit` when it is not a bundle at all
 * @throws SignatureError `bundle`, `no-signature`, `many-signatures`, `payload-type` when it is one that cannot hold
 */
export function readBundle(bytes: Uint8Array, name: string, payloadType = IN_TOTO_PAYLOAD): SignedBundle {
  const json = parseBundleJson(bytes, name);
  const mediaType = mediaTypeOf(json);
  if (mediaType === undefined) {
    throw new AssayError('malformed', 'is not a signature: it is not a Sigstore bundle', { subject: name, hint: HINT });
  }
  const version = versionOf(mediaType);
  const bundle = shaped(json);
  return {
    mediaType,
    material: materialOf(bundle.verificationMaterial, version),
    envelope: envelopeOf(bundle.dsseEnvelope, payloadType),
    json,
  };
}

function parseBundleJson(bytes: Uint8Array, name: string): unknown {
  try {
    return parseSignedJson(bytes, name);
  } catch (error) {
    if (!(error instanceof AssayError) || error.code !== 'malformed') throw error;
    throw new AssayError('malformed', `is not a signature: it ${error.message}`, {
      subject: name,
      hint: HINT,
      cause: error,
    });
  }
}

function mediaTypeOf(json: unknown): string | undefined {
  const read = v.safeParse(v.object({ mediaType: v.pipe(v.string(), v.regex(BUNDLE)) }), json);
  return read.success ? read.output.mediaType : undefined;
}

function versionOf(mediaType: string): '0.1' | '0.2' | '0.3' {
  const [, dotted, parameter] = BUNDLE.exec(mediaType) ?? [];
  const version = dotted ?? parameter;
  if (version === '0.3' || (version === parameter && (version === '0.1' || version === '0.2'))) return version;
  throw new SignatureError('bundle', `the bundle has version ${version}, but only 0.1, 0.2 and 0.3 are supported`);
}

/** The parts that we read, each with its own message when it is missing. */
function shaped(json: unknown): v.InferOutput<typeof Bundle> {
  const read = v.safeParse(Bundle, json);
  if (read.success) return read.output;
  if (v.is(v.object({ messageSignature: v.looseObject({}) }), json)) {
    throw new SignatureError('bundle', 'the bundle signs a blob (messageSignature), not a statement about a model');
  }
  throw new SignatureError('bundle', `the bundle is malformed: ${sentenceOf(shapeIssue(read.issues))}`);
}

function materialOf(material: v.InferOutput<typeof Material>, version: '0.1' | '0.2' | '0.3'): VerificationMaterial {
  const { publicKey, x509CertificateChain, certificate } = material;
  const given = [publicKey, x509CertificateChain, certificate].filter((one) => one !== undefined && one !== null);
  if (given.length > 1) {
    throw new SignatureError(
      'bundle',
      'the bundle holds more than one of a key, a certificate and a certificate chain',
    );
  }
  // Before 0.3, bundles of Sigstore had a chain; since 0.3, only model signers write a chain.
  if (version !== '0.3' && x509CertificateChain) return { kind: 'keyless' };
  if (version === '0.3' && certificate) return { kind: 'keyless' };
  if (version === '0.3' && x509CertificateChain) return chainOf(x509CertificateChain.certificates);
  if (version === '0.3' && publicKey) return keyOf(publicKey.hint, publicKey.rawBytes);
  if (given.length > 0) {
    throw new SignatureError('bundle', `a bundle of version ${version} can hold only certificates of Sigstore`);
  }
  throw new SignatureError('bundle', 'the bundle names neither a key nor a certificate that verifies it');
}

function chainOf(certificates: readonly { readonly rawBytes: string }[]): VerificationMaterial {
  if (certificates.length === 0 || certificates.length > MAX_CERTIFICATES) {
    throw new SignatureError(
      'bundle',
      `the bundle has ${certificates.length} certificates, but a chain has 1 to ${MAX_CERTIFICATES}`,
    );
  }
  return {
    kind: 'certificate',
    chain: certificates.map(({ rawBytes }, at) => bytesOf(rawBytes, `certificate ${at + 1} of the chain`)),
  };
}

function keyOf(hint: string | null | undefined, rawBytes: string | null | undefined): VerificationMaterial {
  return {
    kind: 'key',
    ...(hint ? { hint } : {}),
    ...(rawBytes ? { pem: bytesOf(rawBytes, 'the public key').toString('utf8') } : {}),
  };
}

function envelopeOf(dsse: v.InferOutput<typeof Dsse>, payloadType: string): Envelope {
  const signatures = dsse.signatures ?? [];
  const [signature] = signatures;
  if (signature === undefined) throw new SignatureError('no-signature', 'the envelope has no signature');
  if (signatures.length > 1) {
    throw new SignatureError(
      'many-signatures',
      `the envelope has ${signatures.length} signatures, but only one can be verified`,
    );
  }
  if (dsse.payloadType !== payloadType) {
    throw new SignatureError('payload-type', `the envelope holds ${quoted(dsse.payloadType)}, not ${payloadType}`);
  }
  const raw = bytesOf(signature.sig, 'the signature');
  if (raw.length === 0) throw new SignatureError('no-signature', 'the signature of the envelope is empty');
  return { payloadType: dsse.payloadType, payload: bytesOf(dsse.payload, 'the payload'), signature: raw };
}

function bytesOf(base64: string, what: string): Buffer {
  const bytes = decodeBase64(base64);
  if (bytes === undefined) throw new SignatureError('bundle', `${what} is not base64`);
  return bytes;
}
