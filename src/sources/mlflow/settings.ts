import { AssayError } from '../../core/index.ts';
import { isLoopback, shownAddress } from '../../core/reference/index.ts';
import type { Credential } from '../../egress/index.ts';

/** How MLflow is reached, as its own client reads it from the environment. */
export interface MlflowSettings {
  /** Address of the tracking server, without a slash at the end: artifacts are handed out below it. */
  readonly tracking: string;
  /** Address of the server that keeps the registry; most often the tracking server. */
  readonly registry: string;
  /** Scheme, host and port of both: only these get the credentials. */
  readonly origins: readonly string[];
  readonly credentials: readonly Credential[];
}

const TRACKING = 'MLFLOW_TRACKING_URI';
const REGISTRY = 'MLFLOW_REGISTRY_URI';
const USERNAME = 'MLFLOW_TRACKING_USERNAME';
const PASSWORD = 'MLFLOW_TRACKING_PASSWORD';
const TOKEN = 'MLFLOW_TRACKING_TOKEN';

/** @throws AssayError `usage` for a server that is not named or cannot be asked over HTTP, and for broken credentials. */
export function mlflowSettings(env: NodeJS.ProcessEnv): MlflowSettings {
  const given = clean(env[TRACKING]);
  if (given === undefined) {
    throw new AssayError('usage', `${TRACKING} is not set, so the server is not known`, {
      subject: 'models:/',
      hint: `set ${TRACKING}=https://host`,
    });
  }
  const tracking = serverAddress(TRACKING, given);
  const other = clean(env[REGISTRY]);
  const registry = other === undefined ? tracking : serverAddress(REGISTRY, other);
  const origins = [...new Set([tracking, registry].map((address) => new URL(address).origin))];
  const value = authorization(env);
  const credentials =
    value === undefined ? [] : origins.map((origin) => ({ origin, header: { name: 'authorization', value } }));
  return { tracking, registry, origins, credentials };
}

function serverAddress(name: string, text: string): string {
  if (/^databricks|^uc(?::|$)/i.test(text)) {
    throw usage(
      name,
      'the login methods of Databricks are not supported',
      'download the model with its own client and give the path',
    );
  }
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol !== 'https:' && url?.protocol !== 'http:') {
    const hint = `start mlflow server on that store and set ${name} to its address, or give the path of the model's folder`;
    throw usage(name, 'is a file store or a database, not a server', hint);
  }
  if (url.username !== '' || url.password !== '') {
    throw usage(
      name,
      'the address contains a user name or a password',
      `remove them, and set ${USERNAME} and ${PASSWORD}`,
    );
  }
  if (url.search !== '' || url.hash !== '')
    throw usage(name, 'the address has a query or a fragment', `set ${name}=${shownAddress(url)}`);
  if (url.protocol === 'http:' && !isLoopback(url.hostname)) {
    throw usage(
      name,
      'http:// protects neither the bytes from changes nor the password from disclosure',
      'use its https:// address',
    );
  }
  return url.href.replace(/\/+$/, '');
}

/** User name and password before a token, as MLflow's own client chooses. */
function authorization(env: NodeJS.ProcessEnv): string | undefined {
  const username = env[USERNAME] || undefined;
  const password = env[PASSWORD] || undefined;
  const token = clean(env[TOKEN]);
  if (username !== undefined && password !== undefined) {
    if (username.includes(':')) throw usage(USERNAME, 'a user name cannot contain a colon', 'set it again');
    return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
  }
  if (token === undefined) {
    if (username === undefined && password === undefined) return undefined;
    const [set, missing] = username === undefined ? [PASSWORD, USERNAME] : [USERNAME, PASSWORD];
    throw usage(set, `is set, but ${missing} is not`, 'set both, or neither');
  }
  if (!/^[\x21-\x7e]{1,16384}$/.test(token))
    throw usage(TOKEN, 'has characters that are not allowed in a token', 'set it again, or unset it');
  return `Bearer ${token}`;
}

function clean(value: string | undefined): string | undefined {
  const text = value?.trim();
  return text === '' ? undefined : text;
}

function usage(subject: string, message: string, hint: string): AssayError {
  return new AssayError('usage', message, { subject, hint });
}
