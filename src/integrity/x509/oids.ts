/** Object identifiers, as the hex of their DER content. */
export const OID = {
  commonName: '550403',
  subjectKeyIdentifier: '551d0e',
  keyUsage: '551d0f',
  subjectAltName: '551d11',
  basicConstraints: '551d13',
  nameConstraints: '551d1e',
  certificatePolicies: '551d20',
  authorityKeyIdentifier: '551d23',
  extendedKeyUsage: '551d25',
  anyExtendedKeyUsage: '551d2500',
  codeSigning: '2b06010505070303',
  /** Sigstore's name for a user of no particular system (https://github.com/sigstore/fulcio/blob/main/docs/oid-info.md). */
  fulcioUsername: '2b0601040183bf300107',
  fulcioIssuerV1: '2b0601040183bf300101',
  fulcioIssuerV2: '2b0601040183bf300108',
} as const;

/** Supported extensions: another critical extension makes its certificate unusable. */
export const UNDERSTOOD: ReadonlySet<string> = new Set([
  OID.subjectKeyIdentifier,
  OID.keyUsage,
  OID.subjectAltName,
  OID.basicConstraints,
  OID.certificatePolicies,
  OID.authorityKeyIdentifier,
  OID.extendedKeyUsage,
]);

const RSA_PSS = '2a864886f70d01010a';

/** Trusted signature algorithms of certificates. The hash of RSA-PSS is a parameter. */
const STRONG_SIGNATURES: ReadonlySet<string> = new Set([
  '2a864886f70d01010b', // RSA, SHA-256
  '2a864886f70d01010c', // RSA, SHA-384
  '2a864886f70d01010d', // RSA, SHA-512
  '2a8648ce3d040302', // ECDSA, SHA-256
  '2a8648ce3d040303', // ECDSA, SHA-384
  '2a8648ce3d040304', // ECDSA, SHA-512
  '2b6570', // Ed25519
]);

const SHA2: ReadonlySet<string> = new Set(['608648016503040201', '608648016503040202', '608648016503040203']);

/** Whether a certificate with this signature algorithm is trusted. SHA-1, MD5 and unknown algorithms are not. */
export function isStrong(algorithm: string, pssHash: string | undefined): boolean {
  return algorithm === RSA_PSS ? pssHash !== undefined && SHA2.has(pssHash) : STRONG_SIGNATURES.has(algorithm);
}
