import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';

/** A change that the proxy makes to matching requests, in place of or besides forwarding them. */
export interface Meddling {
  readonly when: (method: string, url: string) => boolean;
  /** The number of affected requests; all when absent. */
  times?: number;
  readonly answer?: { readonly status: number; readonly headers?: Record<string, string>; readonly body?: string };
  /** Bytes of the body after which the connection breaks. */
  readonly cutAfter?: number;
  readonly alter?: (body: string) => string;
  readonly headers?: Record<string, string>;
}

export interface SeenRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
}

/** A proxy that forwards requests unchanged, records them, and changes those that a test selects. */
export class Meddler {
  readonly seen: SeenRequest[] = [];
  readonly origin: string;
  /** The bytes of response bodies. */
  sent = 0;
  readonly #server: Server;
  readonly #target: string;
  #meddlings: Meddling[] = [];

  private constructor(server: Server, origin: string, target: string) {
    this.#server = server;
    this.origin = origin;
    this.#target = target;
    server.on('request', (incoming, response) => this.#serve(incoming, response));
  }

  static async start(target: string): Promise<Meddler> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    if (typeof address !== 'object' || address === null) throw new Error('no address');
    return new Meddler(server, `http://127.0.0.1:${address.port}`, target);
  }

  meddle(meddling: Meddling): void {
    this.#meddlings.push(meddling);
  }

  heal(): void {
    this.#meddlings = [];
  }

  stop(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  #serve(incoming: IncomingMessage, response: ServerResponse): void {
    const { method = '', url = '', headers } = incoming;
    this.seen.push({ method, url, headers });
    const meddling = this.#meddlings.find((one) => (one.times ?? 1) > 0 && one.when(method, url));
    if (meddling?.times !== undefined) meddling.times--;
    if (meddling?.answer !== undefined) {
      const { status, headers: own = {}, body = '' } = meddling.answer;
      response.writeHead(status, own);
      response.end(method === 'HEAD' ? undefined : body);
      return;
    }
    const onward = request(this.#target + url, { method, headers }, (answer) => this.#pass(answer, response, meddling));
    onward.on('error', () => response.destroy());
    incoming.pipe(onward);
  }

  #pass(answer: IncomingMessage, response: ServerResponse, meddling: Meddling | undefined): void {
    const chunks: Buffer[] = [];
    answer.on('data', (chunk: Buffer) => chunks.push(chunk));
    answer.on('end', () => {
      const body = Buffer.concat(chunks);
      const altered = meddling?.alter === undefined ? body : Buffer.from(meddling.alter(body.toString()));
      const headers = { ...answer.headers, ...meddling?.headers };
      if (meddling?.alter !== undefined) headers['content-length'] = String(altered.length);
      response.writeHead(answer.statusCode ?? 500, headers);
      this.sent += altered.length;
      if (meddling?.cutAfter === undefined) return void response.end(altered);
      response.write(altered.subarray(0, meddling.cutAfter), () => response.destroy());
    });
  }
}
