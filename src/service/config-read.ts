import { isIP } from 'node:net';
import { isAbsolute, resolve } from 'node:path';
import { readSmallText } from '../core/bytes/index.ts';
import { AssayError } from '../core/index.ts';
import { networkOf } from '../egress/index.ts';
import {
  HAND_OUT_STAGES,
  type HandOutConfig,
  type HandOutStage,
  LOG_LEVELS,
  type LogLevel,
  type OidcConfig,
  type ServiceConfig,
  type ServiceLimits,
} from './config.ts';
import { tenantShares } from './tenant-shares.ts';

/** The flags of the command line, which every user of the machine can read: nothing secret. */
export interface ServiceFlags {
  readonly listen?: string;
  readonly publicUrl?: string;
  readonly database?: string;
  readonly queue?: string;
  readonly data?: string;
  readonly rules?: string;
  readonly workers?: string;
  readonly metricsListen?: string;
  readonly allowPrivateAddresses?: boolean;
}

const DEFAULT_LISTEN = '127.0.0.1:8321';
const MIB = 1024 * 1024;
const MOST = Number.MAX_SAFE_INTEGER;

/**
 * The configuration: a flag, else the environment, else a default for a laptop. A secret may also lie in a file that
 * `<NAME>_FILE` names.
 * @throws AssayError `usage` naming the flag or the variable
 */
export async function readConfig(flags: ServiceFlags, env: NodeJS.ProcessEnv): Promise<ServiceConfig> {
  const listen = place(flags.listen ?? env.ASSAY_LISTEN ?? DEFAULT_LISTEN, '--listen');
  const dataFolder = resolve(flags.data ?? env.ASSAY_DATA ?? 'assay-data');
  const metrics = flags.metricsListen ?? env.ASSAY_METRICS_LISTEN;
  const rules = flags.rules ?? (env.ASSAY_RULES || null);
  const databaseUrl = database(open(flags.database, '--database') ?? (await secret(env, 'ASSAY_DATABASE')), dataFolder);
  // A single process has its database as a file, and its own key; several processes need a shared key.
  const ownKey = (name: string) => (databaseUrl.startsWith('sqlite:') ? resolve(dataFolder, name) : null);
  return {
    ...listen,
    publicUrl: publicUrl(flags.publicUrl ?? env.ASSAY_PUBLIC_URL, listen),
    database: databaseUrl,
    queue: queue(open(flags.queue, '--queue') ?? (await secret(env, 'ASSAY_QUEUE'))),
    dataFolder,
    oidc: await oidc(env),
    tokenIssuer: tokenIssuer(env.ASSAY_TOKEN_OWNERS ?? ''),
    allowPrivateAddresses: flags.allowPrivateAddresses ?? yes(env, 'ASSAY_ALLOW_PRIVATE_ADDRESSES'),
    allowed: {
      hub: places(env, 'ASSAY_ALLOW_HUB'),
      mlflow: places(env, 'ASSAY_ALLOW_MLFLOW'),
      s3: places(env, 'ASSAY_ALLOW_S3'),
      oci: places(env, 'ASSAY_ALLOW_OCI'),
      webhooks: places(env, 'ASSAY_ALLOW_WEBHOOKS'),
    },
    hubEndpoint: address(env.ASSAY_HUB_ENDPOINT || 'https://huggingface.co', 'ASSAY_HUB_ENDPOINT'),
    limits: limits(env),
    shares: tenantShares(env.ASSAY_TENANT_WEIGHTS, env.ASSAY_TENANT_MAX_RUNNING),
    approvalKey: env.ASSAY_APPROVAL_KEY ? resolve(env.ASSAY_APPROVAL_KEY) : ownKey('approval-key.pem'),
    approvalPassphrase: (await secret(env, 'ASSAY_KEY_PASSPHRASE')) ?? null,
    conversionKey: env.ASSAY_CONVERSION_KEY ? resolve(env.ASSAY_CONVERSION_KEY) : ownKey('conversion-key.pem'),
    suites: env.ASSAY_SUITES ? resolve(env.ASSAY_SUITES) : null,
    prices: env.ASSAY_PRICES ? resolve(env.ASSAY_PRICES) : null,
    datasets: env.ASSAY_DATASETS ? resolve(env.ASSAY_DATASETS) : null,
    trust: env.ASSAY_TRUST ? resolve(env.ASSAY_TRUST) : null,
    rules: rules === null ? null : resolve(rules),
    trustedProxies: proxies(env.ASSAY_TRUSTED_PROXIES),
    sessionSecret: await sessionSecret(env),
    metrics: metrics === undefined || metrics === '' ? null : place(metrics, '--metrics-listen'),
    workers:
      flags.workers === undefined ? whole(env, 'ASSAY_WORKERS', 2, 0, 64) : number(flags.workers, '--workers', 0, 64),
    handOut: handOut(env),
    logLevel: logLevel(env.ASSAY_LOG_LEVEL),
  };
}

/** A flag that must not carry a password. */
function open(value: string | undefined, flag: string): string | undefined {
  if (value === undefined || !URL.canParse(value) || new URL(value).password === '') return value;
  throw new AssayError('usage', 'contains a password, which every user of this machine can read', {
    subject: flag,
    hint: `set ${flag === '--database' ? 'ASSAY_DATABASE' : 'ASSAY_QUEUE'} instead`,
  });
}

async function secret(env: NodeJS.ProcessEnv, name: string): Promise<string | undefined> {
  const path = env[`${name}_FILE`];
  if (path === undefined || path === '') return env[name] === '' ? undefined : env[name];
  if (env[name] !== undefined && env[name] !== '')
    throw new AssayError('usage', 'is set together with its file', {
      subject: name,
      hint: `unset ${name} or ${name}_FILE`,
    });
  return (await readSmallText(path, `${name}_FILE`)).replace(/\r?\n$/, '');
}

/** `host:port`, `:port`, `[::1]:port`. */
function place(value: string, subject: string): { readonly host: string; readonly port: number } {
  const parts = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]/\s]*)):(\d{1,5})$/.exec(value);
  const port = Number(parts?.[3]);
  if (parts === null || port > 65_535)
    throw new AssayError('usage', 'is not a place to listen at', { subject, hint: `write it as ${DEFAULT_LISTEN}` });
  return { host: parts[1] ?? (parts[2] || '0.0.0.0'), port };
}

function publicUrl(
  value: string | undefined,
  { host, port }: { readonly host: string; readonly port: number },
): string {
  if (value !== undefined && value !== '') return origin(value, '--public-url');
  const everywhere = host === '0.0.0.0' || host === '::';
  return `http://${everywhere ? 'localhost' : host.includes(':') ? `[${host}]` : host}:${port}`;
}

function address(value: string, subject: string): string {
  const url = URL.canParse(value) ? new URL(value) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.username !== '' || url.password !== '')
    throw new AssayError('usage', 'is not an address', {
      subject,
      hint: 'write it as https://host, without a password',
    });
  return value.replace(/\/+$/, '');
}

/** Pages, cookies and the Hub's clients know the service by its root: below a path it would not be found again. */
function origin(value: string, subject: string): string {
  const given = address(value, subject);
  if (new URL(given).href === `${new URL(given).origin}/`) return given;
  throw new AssayError('usage', 'has a path', { subject, hint: 'give the service its own host' });
}

function database(value: string | undefined, dataFolder: string): string {
  if (value === undefined) return `sqlite:${resolve(dataFolder, 'assay.db')}`;
  if (/^postgres(ql)?:\/\//.test(value)) return value;
  const path = value.startsWith('sqlite:') ? value.slice('sqlite:'.length) : '';
  if (path === '')
    throw new AssayError('usage', 'is not a database', {
      subject: 'ASSAY_DATABASE',
      hint: 'write it as sqlite:PATH or postgres://user@host/name',
    });
  return `sqlite:${isAbsolute(path) ? path : resolve(path)}`;
}

function queue(value: string | undefined): string {
  if (value === undefined || value === 'embedded') return 'embedded';
  if (/^rediss?:\/\//.test(value)) return value;
  throw new AssayError('usage', 'is not a queue', {
    subject: 'ASSAY_QUEUE',
    hint: 'write embedded, or redis://host:6379',
  });
}

async function oidc(env: NodeJS.ProcessEnv): Promise<OidcConfig | null> {
  const { ASSAY_OIDC_ISSUER: issuer = '', ASSAY_OIDC_AUDIENCE: audience = '' } = env;
  if (issuer === '' && audience === '') return null;
  if (issuer === '' || audience === '')
    throw new AssayError('usage', 'needs its counterpart', {
      subject: issuer === '' ? 'ASSAY_OIDC_AUDIENCE' : 'ASSAY_OIDC_ISSUER',
      hint: 'set both ASSAY_OIDC_ISSUER and ASSAY_OIDC_AUDIENCE',
    });
  address(issuer, 'ASSAY_OIDC_ISSUER');
  return {
    // As it is written: tokens name it to the letter.
    issuer,
    audience,
    clientId: env.ASSAY_OIDC_CLIENT_ID || null,
    clientSecret: (await secret(env, 'ASSAY_OIDC_CLIENT_SECRET')) ?? null,
    tenantClaim: env.ASSAY_OIDC_TENANT_CLAIM ?? '',
    rolesClaim: env.ASSAY_OIDC_ROLES_CLAIM || 'roles',
  };
}

/** As it is written: the subjects of tokens and of sign-ins are compared under this name. */
function tokenIssuer(issuer: string): string | null {
  if (issuer === '') return null;
  address(issuer, 'ASSAY_TOKEN_OWNERS');
  return issuer;
}

const MIN_SECRET_LENGTH = 32;

async function sessionSecret(env: NodeJS.ProcessEnv): Promise<string | null> {
  const given = await secret(env, 'ASSAY_SESSION_SECRET');
  if (given !== undefined && given.length < MIN_SECRET_LENGTH)
    throw new AssayError('usage', `has fewer than ${MIN_SECRET_LENGTH} characters`, {
      subject: 'ASSAY_SESSION_SECRET',
      hint: 'create one: openssl rand -base64 32',
    });
  return given ?? null;
}

function handOut(env: NodeJS.ProcessEnv): HandOutConfig {
  const alias = env.ASSAY_MLFLOW_ALIAS || 'assay-allowed';
  // MLflow's own rule, but for names that look like versions.
  if (!/^[A-Za-z_][A-Za-z0-9_-]{0,254}$/.test(alias) || /^(?:latest|v\d+)$/i.test(alias))
    throw new AssayError('usage', 'is not an alias', {
      subject: 'ASSAY_MLFLOW_ALIAS',
      hint: 'use letters, digits, _ and -, beginning with a letter',
    });
  return {
    stage: stage(env, 'ASSAY_GATE_STAGE', 'production'),
    scanOnMiss: yes(env, 'ASSAY_GATE_SCAN_ON_MISS'),
    cacheBytes: whole(env, 'ASSAY_GATE_CACHE_BYTES', 1024 * 1024 * MIB, MIB, MOST),
    prefetch: yes(env, 'ASSAY_GATE_PREFETCH'),
    clientRequests: whole(env, 'ASSAY_GATE_CLIENT_REQUESTS', 64, 1, 10_000),
    clientBytesPerMinute: whole(env, 'ASSAY_GATE_CLIENT_BYTES_PER_MINUTE', 64 * 1024 * MIB, MIB, MOST),
    mlflowStage: stage(env, 'ASSAY_MLFLOW_STAGE', 'candidate'),
    mlflowAlias: alias,
  };
}

function stage(env: NodeJS.ProcessEnv, name: string, otherwise: HandOutStage): HandOutStage {
  const value = env[name] || otherwise;
  const known = HAND_OUT_STAGES.find((one) => one === value);
  if (known !== undefined) return known;
  throw new AssayError('usage', 'is not a stage', { subject: name, hint: `use one of ${HAND_OUT_STAGES.join(', ')}` });
}

function limits(env: NodeJS.ProcessEnv): ServiceLimits {
  return {
    maxBodyBytes: whole(env, 'ASSAY_MAX_BODY_BYTES', MIB, 1024, 64 * MIB),
    maxUploadBytes: whole(env, 'ASSAY_MAX_UPLOAD_BYTES', 100 * 1024 * MIB, MIB, MOST),
    maxUploadFiles: whole(env, 'ASSAY_MAX_UPLOAD_FILES', 10_000, 1, 1_000_000),
    maxQueuedJobs: whole(env, 'ASSAY_MAX_QUEUED_JOBS', 10_000, 1, 10_000_000),
    maxScanMs: 1000 * whole(env, 'ASSAY_MAX_SCAN_SECONDS', 21_600, 1, 604_800),
    maxReuseMs: 86_400_000 * whole(env, 'ASSAY_REUSE_DAYS', 7, 0, 365),
    requestsPerMinute: whole(env, 'ASSAY_REQUESTS_PER_MINUTE', 1_200, 1, 100_000_000),
    requestTimeoutMs: 1000 * whole(env, 'ASSAY_REQUEST_TIMEOUT_SECONDS', 600, 1, 86_400),
    maxLoopDelayMs: whole(env, 'ASSAY_MAX_LOOP_DELAY_MS', 2_000, 0, 600_000),
  };
}

function whole(env: NodeJS.ProcessEnv, name: string, otherwise: number, least: number, most: number): number {
  const value = env[name];
  return value === undefined || value === '' ? otherwise : number(value, name, least, most);
}

function number(value: string, subject: string, least: number, most: number): number {
  const parsed = /^\d{1,16}$/.test(value) ? Number(value) : Number.NaN;
  if (parsed >= least && parsed <= most) return parsed;
  throw new AssayError('usage', 'is out of range', { subject, hint: `give a whole number from ${least} to ${most}` });
}

function yes(env: NodeJS.ProcessEnv, name: string): boolean {
  const value = env[name] ?? '';
  if (value === '' || value === '0' || value === 'false') return false;
  if (value === '1' || value === 'true') return true;
  throw new AssayError('usage', 'is not a boolean', { subject: name, hint: 'set it to true or false' });
}

function list(value: string | undefined): string[] {
  return (value ?? '').split(/[\s,]+/).filter((entry) => entry !== '');
}

const HOST_NAME = /^(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9])?\.)*[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/i;

/** Hosts and networks in private networks that may be reached. */
function places(env: NodeJS.ProcessEnv, subject: string): readonly string[] {
  const entries = list(env[subject]);
  const strange = entries.find((entry) => networkOf(entry) === undefined && !HOST_NAME.test(entry));
  if (strange === undefined) return entries;
  throw new AssayError('usage', `has ${JSON.stringify(strange)}, which is neither a host nor a network`, {
    subject,
    hint: 'write minio.internal, 10.0.0.7 or 10.0.0.0/8',
  });
}

/** Networks that have a name, as proxies in front are often told of. */
const NAMED_NETWORKS = ['loopback', 'linklocal', 'uniquelocal'];

function proxies(value: string | undefined): string[] {
  const entries = list(value);
  const strange = entries.find((entry) => !NAMED_NETWORKS.includes(entry) && !isNetwork(entry));
  if (strange === undefined) return entries;
  throw new AssayError('usage', `has ${JSON.stringify(strange)}, which is neither an address nor a network`, {
    subject: 'ASSAY_TRUSTED_PROXIES',
    hint: `write 10.0.0.7, 10.0.0.0/8 or one of ${NAMED_NETWORKS.join(', ')}`,
  });
}

/** An address, or one with the length of its prefix; everybody's network (`/0`) is nobody's to trust. */
function isNetwork(entry: string): boolean {
  const [address = '', prefix, ...more] = entry.split('/');
  const bits = { 0: 0, 4: 32, 6: 128 }[isIP(address)] ?? 0;
  if (prefix === undefined) return bits > 0;
  return more.length === 0 && /^[1-9][0-9]{0,2}$/.test(prefix) && Number(prefix) <= bits;
}

function logLevel(value: string | undefined): LogLevel {
  if (value === undefined || value === '') return 'info';
  const known = LOG_LEVELS.find((level) => level === value);
  if (known !== undefined) return known;
  throw new AssayError('usage', 'is not a log level', {
    subject: 'ASSAY_LOG_LEVEL',
    hint: `use one of ${LOG_LEVELS.join(', ')}`,
  });
}
