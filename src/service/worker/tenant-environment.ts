import { join } from 'node:path';
import * as v from 'valibot';
import { readSmallFile } from '../../core/bytes/index.ts';
import { AssayError, isAssayError, parseBoundedJson } from '../../core/index.ts';
import type { ServiceConfig } from '../config.ts';

/** The variables that a tenant may set: keys and addresses of servers, never files or programs of this machine. */
const NAMES = [
  'HF_TOKEN',
  'AWS_ACCESS_KEY_ID',
  'AWS_SECRET_ACCESS_KEY',
  'AWS_SESSION_TOKEN',
  'AWS_REGION',
  'AWS_ENDPOINT_URL',
  'AWS_ENDPOINT_URL_S3',
  'MLFLOW_TRACKING_URI',
  'MLFLOW_TRACKING_TOKEN',
  'MLFLOW_TRACKING_USERNAME',
  'MLFLOW_TRACKING_PASSWORD',
] as const;
/** Secrets that authenticate incoming webhooks; scans never get them. */
const WEBHOOK_SECRETS = ['MLFLOW_WEBHOOK_SECRET', 'HF_WEBHOOK_SECRET'] as const;
/** Of the machine, for everybody. */
const SHARED = ['HTTPS_PROXY', 'https_proxy', 'HTTP_PROXY', 'http_proxy', 'NO_PROXY', 'no_proxy'] as const;
const NOWHERE = '/nonexistent';
const HINT = 'write {"tenant": {"HF_TOKEN": "..."}}';

const Credentials = v.record(
  v.string(),
  v.strictObject(v.entriesFromList([...NAMES, ...WEBHOOK_SECRETS], v.optional(v.string()))),
);
/** How long a file of credentials is known: a thousand small scans do not read it a thousand times. */
const KNOWN_MS = 1_000;
const BOUNDS = { maxBytes: 1024 * 1024, maxDepth: 3, maxTokens: 100_000 };

/**
 * The environment that sources see when they work for a tenant: its own credentials from `credentials.json` in the data
 * folder, the Hub of the service, and the proxies of the machine. Without keys, caches and settings of this machine.
 * @throws AssayError `malformed`, `unreadable` for a file of credentials that cannot be used
 */
export async function tenantEnvironment(
  { dataFolder, hubEndpoint }: Pick<ServiceConfig, 'dataFolder' | 'hubEndpoint'>,
  tenant: string,
  env: NodeJS.ProcessEnv = process.env,
): Promise<Record<string, string>> {
  const all = await credentials(join(dataFolder, 'credentials.json'));
  const own = Object.hasOwn(all, tenant) ? all[tenant] : undefined;
  const shared = SHARED.flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]] as const]));
  return {
    ...Object.fromEntries(shared),
    HOME: NOWHERE,
    HF_HOME: NOWHERE,
    HF_ENDPOINT: hubEndpoint,
    ...Object.fromEntries(
      NAMES.flatMap((name) => {
        const value = own?.[name];
        return value === undefined ? [] : [[name, value] as const];
      }),
    ),
  };
}

/** The secrets that a tenant shares with callers of its webhooks. @throws AssayError `malformed`, `unreadable` */
export async function webhookSecret(
  { dataFolder }: Pick<ServiceConfig, 'dataFolder'>,
  tenant: string,
  name: (typeof WEBHOOK_SECRETS)[number],
): Promise<string | undefined> {
  const all = await credentials(join(dataFolder, 'credentials.json'));
  return (Object.hasOwn(all, tenant) ? all[tenant]?.[name] : undefined) || undefined;
}

type AllCredentials = v.InferOutput<typeof Credentials>;

let known: { readonly path: string; readonly until: number; readonly all: Promise<AllCredentials> } | undefined;

function credentials(path: string): Promise<AllCredentials> {
  const now = performance.now();
  if (known?.path !== path || known.until < now) known = { path, until: now + KNOWN_MS, all: readCredentials(path) };
  return known.all;
}

async function readCredentials(path: string): Promise<AllCredentials> {
  let bytes: Buffer;
  try {
    ({ bytes } = await readSmallFile(path, 'the credentials of tenants'));
  } catch (error) {
    if (isAssayError(error) && error.code === 'not-found') return {};
    throw error;
  }
  const read = v.safeParse(Credentials, parseBoundedJson(bytes, path, BOUNDS));
  if (read.success) return read.output;
  // The invalid content may be a secret.
  throw new AssayError('malformed', 'does not contain the credentials of tenants', { subject: path, hint: HINT });
}
