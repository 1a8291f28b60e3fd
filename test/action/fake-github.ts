import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { json } from 'node:stream/consumers';

interface Comment {
  readonly id: number;
  body: string;
  readonly user: { readonly type: string };
}

/** The comments and checks of GitHub's API, on loopback. */
export class FakeGitHub {
  readonly comments: Comment[] = [];
  readonly checks: unknown[] = [];
  readonly tokens = new Set<string | undefined>();
  requests = 0;
  /** The status of every answer, if the server should fail. */
  refuse: number | undefined;
  headers: Record<string, string> = {};
  readonly #server: Server;

  private constructor() {
    this.#server = createServer((request, response) => void this.#serve(request, response));
  }

  static async start(): Promise<FakeGitHub> {
    const github = new FakeGitHub();
    await new Promise<void>((resolve) => github.#server.listen(0, '127.0.0.1', resolve));
    return github;
  }

  get url(): string {
    const address = this.#server.address();
    if (typeof address !== 'object' || address === null) throw new Error('the server does not listen');
    return `http://127.0.0.1:${address.port}`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.requests++;
    this.tokens.add(request.headers.authorization);
    const answer = (status: number, body: unknown) => {
      response.writeHead(status, { 'content-type': 'application/json', ...this.headers });
      response.end(JSON.stringify(body));
    };
    if (this.refuse !== undefined) return answer(this.refuse, { message: 'no' });
    const { pathname } = new URL(request.url ?? '/', this.url);
    const own = '/repos/acme/models/';
    const [what, id] = [pathname.slice(own.length).replace(/\d+$/, 'N'), Number(/\d+$/.exec(pathname)?.[0])];
    if (request.method === 'GET' && what === 'issues/7/comments') return answer(200, this.comments);
    const body = (await json(request)) as { body: string };
    if (request.method === 'POST' && what === 'issues/7/comments') {
      this.comments.push({ id: this.comments.length + 100, body: body.body, user: { type: 'Bot' } });
      return answer(201, {});
    }
    const known = this.comments.find((one) => one.id === id);
    if (request.method === 'PATCH' && what === 'issues/comments/N' && known !== undefined) {
      known.body = body.body;
      return answer(200, {});
    }
    if (request.method === 'POST' && what === 'check-runs') {
      this.checks.push(body);
      return answer(201, {});
    }
    return answer(404, { message: 'Not Found' });
  }
}
