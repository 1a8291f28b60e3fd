import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readConfig } from '../../src/service/config-read.ts';
import { tempFolder } from '../support/temp.ts';

const folder = tempFolder();

test('a local service needs no configuration', async () => {
  expect(await readConfig({ data: folder }, {})).toMatchObject({
    host: '127.0.0.1',
    port: 8321,
    publicUrl: 'http://127.0.0.1:8321',
    database: `sqlite:${folder}/assay.db`,
    queue: 'embedded',
    dataFolder: folder,
    oidc: null,
    allowPrivateAddresses: false,
    approvalKey: `${folder}/approval-key.pem`,
    trustedProxies: [],
    metrics: null,
    workers: 2,
    limits: { maxQueuedJobs: 10_000 },
    handOut: {
      stage: 'production',
      scanOnMiss: false,
      cacheBytes: 2 ** 40,
      prefetch: false,
      clientRequests: 64,
      clientBytesPerMinute: 2 ** 36,
      mlflowStage: 'candidate',
      mlflowAlias: 'assay-allowed',
    },
  });
});

test('a flag takes precedence over the environment', async () => {
  const env = {
    ASSAY_LISTEN: '[::]:80',
    ASSAY_PUBLIC_URL: 'https://assay.example.com/',
    ASSAY_DATABASE: 'postgres://assay:secret@db/assay',
    ASSAY_QUEUE: 'rediss://redis:6379',
    ASSAY_OIDC_ISSUER: 'https://id.example.com/',
    ASSAY_OIDC_AUDIENCE: 'assay',
    ASSAY_TRUSTED_PROXIES: '10.0.0.0/8, 192.168.1.1',
    ASSAY_METRICS_LISTEN: ':9100',
    ASSAY_WORKERS: '4',
  };
  expect(await readConfig({ workers: '0' }, env)).toMatchObject({
    host: '::',
    port: 80,
    publicUrl: 'https://assay.example.com',
    database: 'postgres://assay:secret@db/assay',
    queue: 'rediss://redis:6379',
    oidc: { issuer: 'https://id.example.com/', audience: 'assay', tenantClaim: '', rolesClaim: 'roles' },
    approvalKey: null,
    trustedProxies: ['10.0.0.0/8', '192.168.1.1'],
    metrics: { host: '0.0.0.0', port: 9100 },
    workers: 0,
  });
});

test('reads the shares of tenants', async () => {
  const env = { ASSAY_TENANT_WEIGHTS: 'acme=4, zeta=2', ASSAY_TENANT_MAX_RUNNING: '8 acme=16' };
  expect((await readConfig({}, env)).shares).toEqual({
    weights: new Map([
      ['acme', 4],
      ['zeta', 2],
    ]),
    maxRunning: new Map([['acme', 16]]),
    maxRunningOfOthers: 8,
  });
});

test('secrets can be read from files', async () => {
  const path = join(folder, 'database');
  writeFileSync(path, 'postgres://assay:secret@db/assay\n');
  expect((await readConfig({}, { ASSAY_DATABASE_FILE: path })).database).toBe('postgres://assay:secret@db/assay');
  await expect(readConfig({}, { ASSAY_DATABASE_FILE: path, ASSAY_DATABASE: 'x' })).rejects.toMatchObject({
    code: 'usage',
  });
  await expect(readConfig({}, { ASSAY_DATABASE_FILE: `${path}-none` })).rejects.toMatchObject({ code: 'not-found' });
});

describe('an invalid configuration value is reported by its name', () => {
  test.each<[string, Parameters<typeof readConfig>[0], NodeJS.ProcessEnv]>([
    ['--listen', { listen: 'nowhere' }, {}],
    ['--listen', { listen: '127.0.0.1:99999' }, {}],
    ['--public-url', { publicUrl: 'assay.example.com' }, {}],
    ['--public-url', { publicUrl: 'ftp://assay.example.com' }, {}],
    ['--public-url', { publicUrl: 'https://example.com/assay' }, {}],
    ['--public-url', { publicUrl: 'https://example.com?a' }, {}],
    ['--database', { database: 'postgres://a:b@c/d' }, {}],
    ['--queue', { queue: 'redis://:b@c' }, {}],
    ['ASSAY_DATABASE', {}, { ASSAY_DATABASE: 'mysql://x' }],
    ['ASSAY_DATABASE', {}, { ASSAY_DATABASE: 'sqlite:' }],
    ['ASSAY_QUEUE', {}, { ASSAY_QUEUE: 'kafka://x' }],
    ['ASSAY_OIDC_ISSUER', {}, { ASSAY_OIDC_ISSUER: 'https://x' }],
    ['ASSAY_OIDC_AUDIENCE', {}, { ASSAY_OIDC_AUDIENCE: 'x' }],
    ['ASSAY_SESSION_SECRET', {}, { ASSAY_SESSION_SECRET: 'short' }],
    ['ASSAY_MAX_BODY_BYTES', {}, { ASSAY_MAX_BODY_BYTES: '1e9' }],
    ['ASSAY_MAX_QUEUED_JOBS', {}, { ASSAY_MAX_QUEUED_JOBS: '0' }],
    ['ASSAY_TENANT_WEIGHTS', {}, { ASSAY_TENANT_WEIGHTS: '4' }],
    ['ASSAY_TENANT_WEIGHTS', {}, { ASSAY_TENANT_WEIGHTS: 'acme=0' }],
    ['ASSAY_TENANT_WEIGHTS', {}, { ASSAY_TENANT_WEIGHTS: 'acme=1 acme=2' }],
    ['ASSAY_TENANT_WEIGHTS', {}, { ASSAY_TENANT_WEIGHTS: 'Acme=1' }],
    ['ASSAY_TENANT_MAX_RUNNING', {}, { ASSAY_TENANT_MAX_RUNNING: '8 9' }],
    ['ASSAY_TENANT_MAX_RUNNING', {}, { ASSAY_TENANT_MAX_RUNNING: 'acme=1.5' }],
    ['ASSAY_MAX_SCAN_SECONDS', {}, { ASSAY_MAX_SCAN_SECONDS: '604801' }],
    ['ASSAY_REQUESTS_PER_MINUTE', {}, { ASSAY_REQUESTS_PER_MINUTE: '-1' }],
    ['ASSAY_MAX_LOOP_DELAY_MS', {}, { ASSAY_MAX_LOOP_DELAY_MS: '600001' }],
    ['--workers', { workers: 'many' }, {}],
    ['ASSAY_ALLOW_PRIVATE_ADDRESSES', {}, { ASSAY_ALLOW_PRIVATE_ADDRESSES: 'maybe' }],
    ['ASSAY_GATE_STAGE', {}, { ASSAY_GATE_STAGE: 'retired' }],
    ['ASSAY_MLFLOW_STAGE', {}, { ASSAY_MLFLOW_STAGE: 'Production' }],
    ['ASSAY_GATE_SCAN_ON_MISS', {}, { ASSAY_GATE_SCAN_ON_MISS: 'yes' }],
    ['ASSAY_GATE_CACHE_BYTES', {}, { ASSAY_GATE_CACHE_BYTES: '1G' }],
    ['ASSAY_MLFLOW_ALIAS', {}, { ASSAY_MLFLOW_ALIAS: 'v12' }],
    ['ASSAY_TRUSTED_PROXIES', {}, { ASSAY_TRUSTED_PROXIES: '10.0.0.1, proxy.internal' }],
    ['ASSAY_TRUSTED_PROXIES', {}, { ASSAY_TRUSTED_PROXIES: '0.0.0.0/0' }],
    ['ASSAY_TRUSTED_PROXIES', {}, { ASSAY_TRUSTED_PROXIES: '10.0.0.0/33' }],
    ['ASSAY_TRUSTED_PROXIES', {}, { ASSAY_TRUSTED_PROXIES: '::1/8/8' }],
    ['ASSAY_LOG_LEVEL', {}, { ASSAY_LOG_LEVEL: 'loud' }],
  ])('%s: %j %j', async (name, flags, env) => {
    const wrong = readConfig({ data: folder, ...flags }, env);
    // The error for an incomplete pair names either variable.
    await expect(wrong).rejects.toMatchObject({ code: 'usage', subject: expect.stringMatching(name.slice(0, 10)) });
    await expect(wrong).rejects.not.toThrow(/secret|:b@/);
  });
});
