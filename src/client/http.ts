import { readSmallText } from '../core/bytes/index.ts';
import { AssayError, isAssayError, parseBoundedJson } from '../core/index.ts';
import { isLoopback } from '../core/reference/index.ts';
import { check, pick, type Schema, type Static } from '../core/schema/index.ts';
import { createEgress, type Egress } from '../egress/index.ts';
import { PROBLEM_TYPE, ProblemSchema } from '../registry/api/index.ts';
import { RegistryError, type RegistryErrorCode } from '../registry/index.ts';
import type { ClientContext } from './context.ts';
import type { RegistryFlags } from './flags.ts';

/** CWE-770: answers to verbs are smaller. */
const MAX_BYTES = 64 * 1024 * 1024;
const MAX_PROBLEM = 64 * 1024;

/** Requests to one service, with the token of the user, which is sent nowhere else. */
export interface ServiceConnection {
  /** Of the service, for messages. */
  readonly name: string;
  get<T>(path: string, answer: Schema<T>): Promise<T>;
  /** @param body `undefined`: none */
  post<T>(path: string, body: unknown, answer: Schema<T>): Promise<T>;
  /** For what has another body than JSON, or none; the answer is passed over. */
  send(method: string, path: string, headers?: Readonly<Record<string, string>>, body?: Uint8Array): Promise<void>;
  close(): Promise<void>;
}

/**
 * @param address of the service, as the option or the variable has it
 * @throws AssayError `usage`, `not-found`, `unreadable`; later `network`, `unauthorized`, `limit`, `malformed`, and RegistryError for
 *   what the registry behind the service refuses
 */
export async function connectService(
  address: string,
  flags: RegistryFlags,
  context: ClientContext,
): Promise<ServiceConnection> {
  const base = serviceAddress(address, flags.url === undefined ? 'ASSAY_URL' : '--url');
  const token = await tokenOf(flags, context.env);
  if (!isPrivateLine(base)) context.warn(`${base.origin}: the token is sent in clear text; use https`);
  return openService(base, { ...context, token, tokenHint: 'check ASSAY_TOKEN or --token-file' });
}

/** Options of a connection to a service, besides its address. */
export interface ServiceAccess {
  readonly token: string;
  /** The hint for when the service does not accept the token. */
  readonly tokenHint: string;
  /** Where proxies are named. */
  readonly env: NodeJS.ProcessEnv;
  readonly signal: AbortSignal;
}

/** The same with a checked address and token. */
export function openService(base: URL, { token, tokenHint, env, signal }: ServiceAccess): ServiceConnection {
  const credential = { origin: base.origin, header: { name: 'authorization', value: `Bearer ${token}` } };
  return connection(base, createEgress({ env, signal, credentials: [credential] }), tokenHint);
}

/** Whether requests to an address are encrypted or stay on this machine. */
export function isPrivateLine({ protocol, hostname }: URL): boolean {
  return protocol === 'https:' || isLoopback(hostname);
}

/** Whether a text can be the token of a service. */
export function isToken(text: string): boolean {
  return /^[\x21-\x7e]{1,8192}$/.test(text);
}

function connection(base: URL, egress: Egress, tokenHint: string): ServiceConnection {
  const name = base.href.replace(/\/$/, '');
  const call = async (path: string, init: RequestInit): Promise<Response> => {
    const response = await egress.fetch(`${name}${path}`, { ...init, maxBytes: MAX_BYTES });
    if (response.ok) return response;
    throw await refusalOf(response, name, tokenHint);
  };
  return {
    name,
    get: async (path, answer) => read(await call(path, {}), answer, `${name}${path}`),
    async post(path, body, answer) {
      const json = { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
      const response = await call(path, { method: 'POST', ...(body === undefined ? {} : json) });
      return read(response, answer, `${name}${path}`);
    },
    async send(method, path, headers = {}, body) {
      const response = await call(path, { method, headers, ...(body === undefined ? {} : { body: asBody(body) }) });
      await response.body?.cancel();
    },
    close: () => egress.close(),
  };
}

/** A view of bytes that no other thread shares. */
function asBody(body: Uint8Array): Uint8Array<ArrayBuffer> {
  return body as Uint8Array<ArrayBuffer>;
}

async function read<T>(response: Response, answer: Schema<T>, subject: string): Promise<T> {
  const json = parseBoundedJson(new Uint8Array(await response.arrayBuffer()), subject);
  const checked = check(answer.answer, json);
  if ('value' in checked) return checked.value;
  const [{ pointer, message: why }] = checked.invalid;
  const where = pointer === '' ? 'it' : pointer.slice(1).replaceAll('/', '.');
  const message = `answers with an unexpected document: ${where} ${why}`;
  throw new AssayError('malformed', message, { subject, hint: 'check that it is a service of assay of this version' });
}

/** Codes of a registry, as the service hands them on. */
const CODES: ReadonlySet<string> = new Set<RegistryErrorCode>([
  'invalid',
  'not-found',
  'forbidden',
  'conflict',
  'no-digest',
  'too-large',
  'stage-skipped',
  'denied',
  'own-request',
  'already-voted',
  'role-not-asked',
  'method-not-accepted',
  'bad-attestation',
  'no-trust',
  'no-approval-key',
  'not-waivable',
  'changed',
  'ended',
]);

async function refusalOf(response: Response, name: string, tokenHint: string): Promise<Error> {
  const { status } = response;
  const problem = await problemOf(response);
  if (problem === undefined) {
    const hint = 'check the address: it must be a service of assay';
    return new AssayError(codeOf(status), `answers with the status ${status}`, { subject: name, hint });
  }
  const { code, detail } = problem;
  if (status === 401) {
    return new AssayError('unauthorized', detail, { subject: name, hint: tokenHint });
  }
  if (code === 'missing-role') return new RegistryError('forbidden', detail);
  if (CODES.has(code)) return new RegistryError(code as RegistryErrorCode, detail);
  return new AssayError(codeOf(status), `${detail} (${code})`, { subject: name });
}

/** A transient failure is an outage; any other answer stays the same. */
function codeOf(status: number): 'network' | 'usage' {
  return status >= 500 || status === 429 ? 'network' : 'usage';
}

/** The required fields of a problem document; a proxy in between may send its own. */
const Refused = pick(ProblemSchema, 'code', 'detail');

async function problemOf(response: Response): Promise<Static<typeof Refused> | undefined> {
  if (!(response.headers.get('content-type') ?? '').startsWith(PROBLEM_TYPE)) {
    await response.body?.cancel();
    return undefined;
  }
  try {
    const bytes = new Uint8Array(await response.arrayBuffer());
    if (bytes.length > MAX_PROBLEM) return undefined;
    const checked = check(Refused.answer, parseBoundedJson(bytes, 'the problem'));
    return 'value' in checked ? checked.value : undefined;
  } catch (error) {
    if (isAssayError(error) && error.code !== 'malformed') throw error;
    return undefined;
  }
}

/** @throws AssayError `usage` that names the subject */
export function serviceAddress(address: string, subject: string): URL {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (url !== undefined && /^https?:$/.test(url.protocol) && url.username === '' && url.search === '') return url;
  throw new AssayError('usage', 'is not an address of a service', {
    subject,
    hint: 'write it as https://assay.example.com',
  });
}

async function tokenOf({ tokenFile }: RegistryFlags, env: NodeJS.ProcessEnv): Promise<string> {
  const given = tokenFile === undefined ? env.ASSAY_TOKEN : await readSmallText(tokenFile, '--token-file');
  const token = (given ?? '').trim();
  const subject = tokenFile === undefined ? 'ASSAY_TOKEN' : `--token-file ${tokenFile}`;
  if (token === '') {
    const hint = 'set ASSAY_TOKEN, or give --token-file';
    throw new AssayError('usage', 'there is no token for the service', { subject, hint });
  }
  if (isToken(token)) return token;
  throw new AssayError('usage', 'is not a token', { subject, hint: 'give the token alone, in one line' });
}
