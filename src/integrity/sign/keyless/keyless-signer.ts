import { generateKeyPairSync, type X509Certificate } from 'node:crypto';
import { bundleFromJSON } from '@sigstore/bundle';
import { AssayError } from '../../../core/index.ts';
import { isSignatureError, pae, signBytes } from '../../envelope/index.ts';
import { bundleJson, envelopeJson } from '../bundle-json.ts';
import type { PayloadSigner } from '../payload-signer.ts';
import { type CertifiedIdentity, certifiedIdentity } from './certified-identity.ts';
import { requestCertificate } from './fulcio.ts';
import type { IdentityToken } from './identity-token.ts';
import { logEnvelope } from './rekor.ts';
import type { ServiceCall } from './service.ts';
import type { SigningServices } from './services.ts';
import { requestTimestamp } from './timestamp.ts';

export interface KeylessOptions extends ServiceCall {
  readonly services: SigningServices;
  /** Called when there is a payload to sign: tokens are valid for minutes. */
  identityToken(): Promise<IdentityToken>;
  /** Called with the identity in the certificate, once the signature is made. */
  onSigned?(identity: CertifiedIdentity): void;
}

/**
 * Signs with a key that is used for this one signature only: Fulcio certifies it for an identity, Rekor logs what it signed,
 * and a
 * timestamp authority, if there is one, says when.
 * @throws AssayError `usage` for services that cannot tell the time of a signature; when signing `usage`, `network`,
 *   `unauthorized`, `limit`, `aborted`.
 */
export function keylessSigner(options: KeylessOptions): PayloadSigner {
  const { services } = options;
  const tellsTime = services.timestampUrls.length > 0 || services.logs.some(({ version }) => version === 1);
  if (services.logs.length === 0 || !tellsTime) {
    throw new AssayError('usage', 'none of the services would prove the time of the signature', {
      hint: 'add a timestamp authority: a log of version 2 does not record the time',
    });
  }
  return { sign: (payloadType, payload) => signKeyless(payloadType, payload, options) };
}

async function signKeyless(payloadType: string, payload: Uint8Array, options: KeylessOptions): Promise<unknown> {
  const { services } = options;
  const identity = await options.identityToken();
  const key = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const certificate = await requestCertificate(services.fulcioUrl, key, identity, options);
  const signedAs = identityIn(certificate);
  const signature = signBytes(key.privateKey, pae(payloadType, payload));
  const envelope = envelopeJson(payloadType, payload, signature);

  const tlogEntries: unknown[] = [];
  for (const log of services.logs) tlogEntries.push(await logEnvelope(log, { envelope, certificate }, options));
  const rfc3161Timestamps: unknown[] = [];
  for (const url of services.timestampUrls) {
    const reply = await requestTimestamp(url, signature, options);
    rfc3161Timestamps.push({ signedTimestamp: reply.toString('base64') });
  }

  const times = rfc3161Timestamps.length === 0 ? {} : { timestampVerificationData: { rfc3161Timestamps } };
  const leaf = { rawBytes: certificate.raw.toString('base64') };
  const bundle = bundleJson({ certificate: leaf, tlogEntries, ...times }, envelope);
  checkBundle(bundle);
  options.onSigned?.(signedAs);
  return bundle;
}

function identityIn(certificate: X509Certificate): CertifiedIdentity {
  try {
    const identity = certifiedIdentity(certificate);
    if (identity !== undefined) return identity;
  } catch (error) {
    if (!isSignatureError(error)) throw error;
  }
  throw new AssayError('network', 'Fulcio answers with a certificate that does not name an identity and its issuer', {
    hint: 'ask its operator',
  });
}

/** The form that verifiers of Sigstore bundles require. */
function checkBundle(bundle: unknown): void {
  try {
    bundleFromJSON(bundle);
  } catch (cause) {
    throw new AssayError('network', 'the answers of the services do not make a bundle that can be verified', {
      hint: 'ask their operators',
      cause,
    });
  }
}
