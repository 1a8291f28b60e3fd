import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { TLSSocket } from 'node:tls';

/** Why a client may not ask; `undefined`: it may. */
export type ClientCheck = (request: IncomingMessage) => string | undefined;

export interface ClientRules {
  /** Whether a certificate of the client authority is asked for. */
  readonly certificate: boolean;
  /** Common names that are believed; empty: any. */
  readonly names: readonly string[];
  /** The token that is asked for; `null`: none. */
  token(): string | null;
}

/** Both, where both are asked for. */
export function clientCheck({ certificate, names, token }: ClientRules): ClientCheck {
  return (request) => (certificate ? certificateProblem(request, names) : undefined) ?? tokenProblem(request, token());
}

function certificateProblem({ socket }: IncomingMessage, names: readonly string[]): string | undefined {
  if (!(socket instanceof TLSSocket) || !socket.authorized) return 'sent no certificate of the client authority';
  if (names.length === 0) return undefined;
  const name: unknown = socket.getPeerCertificate().subject?.CN;
  // Several common names come as an array: a client with two names is not accepted as either.
  return typeof name === 'string' && names.includes(name) ? undefined : 'sent a certificate with another name';
}

/** Compares digests of one length, so that the time it takes tells nothing. */
export function tokenProblem({ headers }: IncomingMessage, token: string | null): string | undefined {
  if (token === null) return undefined;
  const shown = /^Bearer ([\x21-\x7e]{1,4096})$/i.exec(headers.authorization ?? '')?.[1];
  if (shown === undefined) return 'sent no token';
  return timingSafeEqual(digest(shown), digest(token)) ? undefined : 'sent a wrong token';
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
