import { get as getPlain } from 'node:http';
import { get as getSecure } from 'node:https';
import { AssayError } from '../../../src/core/index.ts';

export interface StatusPlace {
  /** Of `--metrics-listen`, or of the webhook itself. */
  readonly url: string;
  /** Authority of its certificate, PEM. */
  readonly ca?: string;
  readonly token?: string;
}

const MAX_BYTES = 16 * 1024 * 1024;
const WAIT_MS = 10_000;

/** `GET /status`. @returns its body. @throws AssayError `network`, `unauthorized`, `limit` */
export function askStatus({ url, ca, token }: StatusPlace): Promise<Buffer> {
  const get = url.startsWith('https:') ? getSecure : getPlain;
  const subject = `${url}/status`;
  return new Promise((resolve, reject) => {
    const fail = (code: 'network' | 'unauthorized' | 'limit', message: string, hint: string, cause?: unknown) =>
      reject(new AssayError(code, message, { subject, hint, cause }));
    const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
    const asked = get(
      subject,
      { headers, agent: false, signal: AbortSignal.timeout(WAIT_MS), ...(ca === undefined ? {} : { ca }) },
      (response) => {
        const parts: Buffer[] = [];
        let size = 0;
        response.on('data', (part: Buffer) => {
          size += part.length;
          if (size <= MAX_BYTES) parts.push(part);
          else asked.destroy(new Error(`the answer has more than ${MAX_BYTES} bytes`));
        });
        response.on('error', (error) => fail('network', error.message, 'check the address', error));
        response.on('end', () => {
          const body = Buffer.concat(parts);
          const { statusCode = 0 } = response;
          if (statusCode === 200) resolve(body);
          else if (statusCode === 403)
            fail('unauthorized', firstLine(body), 'give --client-token-file, or --metrics-url');
          else fail('network', `answers with the status ${statusCode}`, 'give the address of a webhook');
        });
      },
    );
    asked.on('error', (error) => {
      const hint = url.startsWith('https:')
        ? 'check the address, and --ca'
        : 'check the address, and that the webhook runs';
      fail('network', `cannot be reached (${error.message})`, hint, error);
    });
  });
}

function firstLine(body: Buffer): string {
  return body.toString('utf8').split('\n', 1)[0]?.slice(0, 200) || 'is refused';
}
