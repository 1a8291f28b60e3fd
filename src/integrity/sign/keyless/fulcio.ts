import { type KeyObject, sign, X509Certificate } from 'node:crypto';
import * as v from 'valibot';
import { parseBoundedJson } from '../../../core/index.ts';
import { spkiOf } from '../../envelope/index.ts';
import type { IdentityToken } from './identity-token.ts';
import { badAnswer, post, type Service, type ServiceCall } from './service.ts';

const Answer = v.object({
  signedCertificateEmbeddedSct: v.object({
    chain: v.object({ certificates: v.pipe(v.array(v.string()), v.minLength(1), v.maxLength(16)) }),
  }),
});

/**
 * Has Fulcio certify a key for the owner of an identity token (https://github.com/sigstore/fulcio, `POST /api/v2/signingCert`).
 * @returns the certificate; its issuers are in the trusted root.
 * @throws AssayError `network`, `unauthorized`, `aborted`; `network` when the certificate is not for our key.
 */
export async function requestCertificate(
  url: string,
  key: { readonly privateKey: KeyObject; readonly publicKey: KeyObject },
  identity: IdentityToken,
  call: ServiceCall,
): Promise<X509Certificate> {
  const fulcio: Service = { name: 'Fulcio', url };
  const request = {
    credentials: { oidcIdentityToken: identity.token },
    publicKeyRequest: {
      publicKey: { algorithm: 'ECDSA', content: key.publicKey.export({ type: 'spki', format: 'pem' }) },
      proofOfPossession: sign('sha256', Buffer.from(identity.subject), key.privateKey).toString('base64'),
    },
  };
  const body = await post(fulcio, '/api/v2/signingCert', request, call, { secret: identity.token });
  const certificate = certificateIn(body, fulcio);
  if (!spkiOf(certificate.publicKey).equals(spkiOf(key.publicKey)))
    throw badAnswer(fulcio, 'answers with a certificate for another key');
  return certificate;
}

function certificateIn(body: Buffer, fulcio: Service): X509Certificate {
  try {
    const { signedCertificateEmbeddedSct } = v.parse(Answer, parseBoundedJson(body, 'the answer'));
    return new X509Certificate(signedCertificateEmbeddedSct.chain.certificates[0] ?? '');
  } catch (cause) {
    throw badAnswer(fulcio, 'does not return a certificate that covers its own timestamp', cause);
  }
}
