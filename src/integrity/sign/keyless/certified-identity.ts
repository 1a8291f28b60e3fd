import type { X509Certificate } from 'node:crypto';
import { decodeUtf8Name, OID, readCertificate, readDer } from '../../x509/index.ts';

/** The identity in a certificate of Fulcio, and its issuer, by which verifiers select signers. */
export interface CertifiedIdentity {
  readonly identity: string;
  readonly issuer: string;
}

/**
 * https://github.com/sigstore/fulcio/blob/main/docs/oid-info.md
 * @returns `undefined` when it is not a certificate of Fulcio's
 * @throws SignatureError `certificate`
 */
export function certifiedIdentity(certificate: X509Certificate): CertifiedIdentity | undefined {
  const { names, extensions } = readCertificate(certificate.raw, 'the certificate');
  const [name] = names;
  const issuer = extensions.get(OID.fulcioIssuerV2);
  if (name === undefined || issuer === undefined) return undefined;
  return { identity: name.text, issuer: decodeUtf8Name(readDer(issuer).value) };
}
