import { Agent, request as send } from 'undici';

/** The user: a name in the token file, a bearer token, or any user by impersonation. */
export type As = string | { readonly token: string } | { readonly user: string; readonly groups?: readonly string[] };

export interface RequestOptions {
  /** `admin` when absent. */
  readonly as?: As;
  /** `application/json`, for `PATCH` a JSON merge patch, when absent. */
  readonly contentType?: string;
}

export interface KubeAnswer {
  readonly status: number;
  /** Parsed JSON, or text if it is not JSON. */
  // biome-ignore lint/suspicious/noExplicitAny: tests look into objects of any shape
  readonly body: any;
  /** The texts of the `Warning` headers. */
  readonly warnings: readonly string[];
}

/** Sends requests to the API server as any user, without kubectl. */
export class RestClient {
  readonly #server: string;
  readonly #tokens: ReadonlyMap<string, string>;
  readonly #agent: Agent;

  constructor(server: string, ca: string, tokens: ReadonlyMap<string, string>) {
    this.#server = server;
    this.#tokens = tokens;
    this.#agent = new Agent({ connect: { ca } });
  }

  async request(
    method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE',
    path: string,
    body?: unknown,
    options: RequestOptions = {},
  ): Promise<KubeAnswer> {
    const usual = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
    const headers = {
      ...this.#identity(options.as ?? 'admin'),
      ...(body === undefined ? {} : { 'content-type': options.contentType ?? usual }),
    };
    const sent = body === undefined ? null : typeof body === 'string' ? body : JSON.stringify(body);
    const answer = await send(`${this.#server}${path}`, { method, headers, body: sent, dispatcher: this.#agent });
    const text = await answer.body.text();
    const isJson = String(answer.headers['content-type']).includes('json');
    return {
      status: answer.statusCode,
      body: isJson ? JSON.parse(text) : text,
      warnings: [answer.headers.warning ?? []].flat().map(warningText),
    };
  }

  close(): Promise<void> {
    return this.#agent.destroy();
  }

  #identity(as: As): Record<string, string | string[]> {
    if (typeof as === 'string') return { authorization: `Bearer ${this.#token(as)}` };
    if ('token' in as) return { authorization: `Bearer ${as.token}` };
    const groups = as.groups === undefined ? {} : { 'impersonate-group': [...as.groups] };
    return { authorization: `Bearer ${this.#token('admin')}`, 'impersonate-user': as.user, ...groups };
  }

  #token(user: string): string {
    const token = this.#tokens.get(user);
    if (token === undefined) throw new Error(`no user ${user}: there are ${[...this.#tokens.keys()].join(', ')}`);
    return token;
  }
}

/** `299 - "text"` (RFC 9111, section 5.5). */
function warningText(header: string): string {
  const [, quoted = header] = /^\d{3} \S+ "(.*)"$/s.exec(header) ?? [];
  return quoted.replace(/\\(.)/gs, '$1');
}
