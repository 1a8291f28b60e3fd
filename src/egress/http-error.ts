import { AssayError } from '../core/index.ts';
import { shownAddress } from '../core/reference/index.ts';

/** The error for an unsuccessful status, for people. */
export function httpError(response: Response, address: string): AssayError {
  const subject = shownAddress(address);
  const { status } = response;
  if (status === 401 || status === 403) {
    return new AssayError('unauthorized', `the server refuses access (${status})`, {
      subject,
      hint: 'check that the address can be read without signing in, or download the file and give its path',
    });
  }
  if (status === 404 || status === 410) {
    return new AssayError('not-found', `the server has no such file (${status})`, {
      subject,
      hint: 'check the address',
    });
  }
  if (status === 429) return tooMany(response, subject, 'wait, then try again');
  return new AssayError('network', `the server answers with the status ${status}`, {
    subject,
    hint: 'try again later',
  });
}

export function tooMany(response: Response, subject: string, hint: string): AssayError {
  const after = response.headers.get('retry-after') ?? '';
  const request = /^\d{1,9}$/.test(after) ? `, and asks to wait ${after} seconds` : '';
  return new AssayError('network', `the server limits the rate of requests (429)${request}`, { subject, hint });
}
