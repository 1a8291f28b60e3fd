import { randomBytes } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import { Provider } from 'oidc-provider';
import { freePort } from './free-port.ts';
import { CLIENT } from './oidc-issuer.ts';

/** A certified OpenID Provider on loopback, with its own sign-in pages. */
export interface OpenidProvider {
  readonly url: string;
  /** Sets the claims about the user of that name. */
  knows(name: string, claims: Readonly<Record<string, unknown>>): void;
  /** Breaks off every response at this path; `undefined` ends that. */
  breaks(path: string | undefined): void;
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** A provider that is not started yet. @param service the address to which users return */
export async function openidProvider(service: string): Promise<OpenidProvider> {
  const port = await freePort();
  // Another host than that of the service, as in production: cookies distinguish sites by their host.
  const url = `http://localhost:${port}`;
  const people = new Map<string, Readonly<Record<string, unknown>>>();
  let server: Server | undefined;
  let broken: string | undefined;
  return {
    url,
    knows: (name, claims) => void people.set(name, claims),
    breaks: (path) => {
      broken = path;
    },
    async start() {
      const answer = provider(url, service, people).callback();
      server = createServer((request, response) => {
        if (request.url === broken) request.socket.destroy();
        else answer(request, response);
      });
      await new Promise<void>((resolve) => server?.listen(port, '127.0.0.1', resolve));
    },
    async stop() {
      const running = server;
      server = undefined;
      if (running === undefined) return;
      await new Promise((resolve) => {
        running.close(resolve);
        running.closeAllConnections();
      });
    },
  };
}

function provider(url: string, service: string, people: ReadonlyMap<string, Readonly<Record<string, unknown>>>) {
  return new Provider(url, {
    clients: [
      {
        client_id: CLIENT.id,
        client_secret: CLIENT.secret,
        redirect_uris: [`${service}/signin/callback`],
      },
    ],
    claims: { openid: ['sub'], profile: ['tenant', 'roles'], email: ['email'] },
    // Claims are in the ID token itself, as with most providers.
    conformIdTokenClaims: false,
    cookies: { keys: [randomBytes(32).toString('base64url')] },
    findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id, ...people.get(id) }) }),
  });
}
