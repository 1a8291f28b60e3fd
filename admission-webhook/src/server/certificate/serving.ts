import { createHash, createPrivateKey, X509Certificate } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import { AssayError } from '../../../../src/core/index.ts';
import type { CertificateHealth } from '../../health.ts';

/** A certificate chain and its key, checked: they belong together, and TLS takes them. */
export interface ServingPair {
  /** PEM. */
  readonly cert: string;
  readonly key: string;
  readonly notBefore: Date;
  readonly notAfter: Date;
  /** Of the certificate: SHA-256, hex. */
  readonly fingerprint: string;
}

/** Has a pair to serve with from the start, and tells of each newer one. */
export interface CertificateSource {
  pair(): ServingPair;
  health(): CertificateHealth;
  onChange(listener: (pair: ServingPair) => void): void;
  close(): Promise<void>;
}

/**
 * @param subject names the files, for messages
 * @throws AssayError `usage` for what cannot be served with
 */
export function servingPair(cert: string, key: string, subject: string): ServingPair {
  try {
    const x509 = new X509Certificate(cert);
    if (!x509.checkPrivateKey(createPrivateKey(key))) throw new Error('the key belongs to another certificate');
    createSecureContext({ cert, key });
    return {
      cert,
      key,
      notBefore: new Date(x509.validFrom),
      notAfter: new Date(x509.validTo),
      fingerprint: createHash('sha256').update(x509.raw).digest('hex'),
    };
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new AssayError('usage', `cannot be used (${why})`, {
      subject,
      hint: 'give a certificate chain and its own private key, both PEM and unencrypted',
      cause,
    });
  }
}
