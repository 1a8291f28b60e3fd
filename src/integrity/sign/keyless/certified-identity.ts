import type { X509Certificate } from 'node:crypto';
import { decodeUtf8Name, OID, readCertificate, readDer } from '../../x509/index.ts';

/** Whom a certificate of Fulcio names, and who vouched for it: what verifiers ask for. */
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
