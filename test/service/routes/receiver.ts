import { createHmac, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Received {
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: JSON of each event's own shape
  readonly body: any;
}

/** A receiver of webhooks, with answers that the test sets. */
export class Receiver {
  readonly received: Received[] = [];
  /** The status of the answer to each delivery, by the number of earlier ones. */
  status: (count: number, delivery: Received) => number = () => 200;
  headers: Readonly<Record<string, string>> = {};
  /** Never answers. */
  isSilent = false;
  readonly #server: Server;
  readonly #heard = new Set<() => void>();

  constructor() {
    this.#server = createServer((request, response) => {
      const parts: Buffer[] = [];
      request.on('data', (part: Buffer) => void parts.push(part));
      request.on('end', () => {
        const text = Buffer.concat(parts).toString();
        const delivery = { headers: request.headers, text, body: JSON.parse(text) };
        const count = this.received.push(delivery) - 1;
        for (const heard of [...this.#heard]) heard();
        if (!this.isSilent) response.writeHead(this.status(count, delivery), this.headers).end('thanks');
      });
    });
  }

  async listen(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/hidden/hook?key=hidden`;
  }

  wait(enough: (received: readonly Received[]) => boolean): Promise<void> {
    return new Promise((resolve) => {
      const heard = () => {
        if (!enough(this.received)) return;
        this.#heard.delete(heard);
        resolve();
      };
      this.#heard.add(heard);
      heard();
    });
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}

/** The checks of a receiver, as in the documentation. @param now seconds since 1970 */
export function isGenuine(secret: string, { headers, text }: Received, now = Date.now() / 1000): boolean {
  const header = String(headers['assay-signature']);
  const [, time = '', given = ''] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(header) ?? [];
  if (Math.abs(now - Number(time)) > 300) return false;
  const expected = createHmac('sha256', secret).update(`${time}.${text}`).digest();
  return timingSafeEqual(expected, Buffer.from(given, 'hex'));
}
