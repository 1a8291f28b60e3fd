import { AssayError } from '../../../core/index.ts';
import { isLoopback, shownAddress } from '../../../core/reference/index.ts';
import type { LogService } from './rekor.ts';

/** The services for keyless signing. */
export interface SigningServices {
  readonly fulcioUrl: string;
  /** At least one. */
  readonly logs: readonly LogService[];
  /** Full addresses of timestamp authorities. Logs of version 2 tell no time, so they need one. */
  readonly timestampUrls: readonly string[];
}

/** Sigstore's public-good instance. */
export const PUBLIC_GOOD: SigningServices = {
  fulcioUrl: 'https://fulcio.sigstore.dev',
  logs: [{ url: 'https://rekor.sigstore.dev', version: 1 }],
  timestampUrls: [],
};

const TIMESTAMP_PATH = '/api/v1/timestamp';

/**
 * The address of a service, checked: identity tokens are sent to it, so the connection must be encrypted.
 * @param subject where it was configured, for messages
 * @throws AssayError `usage`
 */
export function serviceUrl(text: string, subject: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const hint = 'give an https:// address';
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    throw new AssayError('usage', 'is not an address of a service', { subject, hint });
  }
  if (url.protocol === 'http:' && !isLoopback(url.hostname)) {
    throw new AssayError(
      'usage',
      `${shownAddress(url)} is not encrypted, so others on the network could read the identity token`,
      {
        subject,
        hint,
      },
    );
  }
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') {
    const what = 'the address has more than a host and a path';
    throw new AssayError('usage', what, { subject, hint: 'leave out user names, ? and #' });
  }
  return url.href.replace(/\/+$/, '');
}

/** The same for a timestamp authority: a bare host is Sigstore's software at its usual path. */
export function timestampUrl(text: string, subject: string): string {
  const url = serviceUrl(text, subject);
  return new URL(url).pathname === '/' ? `${url}${TIMESTAMP_PATH}` : url;
}
