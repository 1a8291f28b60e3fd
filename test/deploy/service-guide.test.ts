import { spawn, spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { ROLES } from '../../src/registry/index.ts';
import { readConfig } from '../../src/service/config-read.ts';
import { type RunningService, startService } from '../../src/service/service.ts';
import { signatureOf } from '../../src/service/webhooks/sender.ts';
import { ROOT, runCli } from '../cli/run-cli.ts';
import { requirePart } from '../support/parts.ts';
import { tempFolder } from '../support/temp.ts';

const guide = readFileSync(join(ROOT, 'docs/service.md'), 'utf8');
const code = (language: string) => new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, 'ms').exec(guide)?.[1] ?? '';
const unique = (names: Iterable<string>) => [...new Set(names)].sort();
/** The rows of the table of variables: names, default and description. */
const rows = [...guide.matchAll(/^\| (`ASSAY_[^|]+) \| ([^|]+) \| ([^|]+) \|$/gm)].map(
  ([, names = '', otherwise = '', what = '']) => ({
    names: [...names.matchAll(/ASSAY_\w+/g)].map(([name]) => name),
    otherwise,
    isSecret: what.startsWith('secret'),
  }),
);

describe('the documentation of the service', () => {
  const reader = readFileSync(join(ROOT, 'src/service/config-read.ts'), 'utf8');

  it('lists each variable that the service reads, once, and no other', () => {
    const read = unique([...reader.matchAll(/(?<=env\.|env, '|\{ |, )ASSAY_[A-Z0-9_]+/g)].map(([name]) => name));
    expect(read.length).toBeGreaterThan(25);
    expect(rows.flatMap(({ names }) => names).sort()).toEqual(read);
  });

  it('marks the secrets that can be read from files', () => {
    const secrets = [...reader.matchAll(/secret\(env, '(\w+)'\)/g)].map(([, name]) => name);
    expect(
      rows
        .filter(({ isSecret }) => isSecret)
        .flatMap(({ names }) => names)
        .sort(),
    ).toEqual(secrets.sort());
  });

  it('lists the variables of compose.yaml and the chart', () => {
    const files = ['compose.yaml', 'helm/assay/values.yaml', 'helm/assay/templates/_helpers.tpl'];
    const texts = files.map((name) => readFileSync(join(ROOT, 'deploy', name), 'utf8'));
    const named = texts.flatMap((text) =>
      [...text.matchAll(/\bASSAY_[A-Z_]+?(?=_FILE\b|[^A-Z_])/g)].map(([name]) => name),
    );
    const told = rows.flatMap(({ names }) => names);
    expect(unique(named).filter((name) => !told.includes(name))).toEqual([]);
    expect(named.filter((name) => name === 'ASSAY_MAX_QUEUED_JOBS')).toHaveLength(2);
  });

  it('lists the default values', async () => {
    const { limits, handOut, host, port, hubEndpoint, logLevel, workers } = await readConfig({}, {});
    const defaults: Readonly<Record<string, string | number>> = {
      ASSAY_LISTEN: `${host}:${port}`,
      ASSAY_HUB_ENDPOINT: hubEndpoint,
      ASSAY_LOG_LEVEL: logLevel,
      ASSAY_WORKERS: workers,
      ASSAY_GATE_STAGE: handOut.stage,
      ASSAY_GATE_CACHE_BYTES: handOut.cacheBytes,
      ASSAY_GATE_PREFETCH: String(handOut.prefetch),
      ASSAY_GATE_CLIENT_REQUESTS: handOut.clientRequests,
      ASSAY_GATE_CLIENT_BYTES_PER_MINUTE: handOut.clientBytesPerMinute,
      ASSAY_MLFLOW_STAGE: handOut.mlflowStage,
      ASSAY_MLFLOW_ALIAS: handOut.mlflowAlias,
      ASSAY_REQUESTS_PER_MINUTE: limits.requestsPerMinute,
      ASSAY_MAX_LOOP_DELAY_MS: limits.maxLoopDelayMs,
      ASSAY_REQUEST_TIMEOUT_SECONDS: limits.requestTimeoutMs / 1000,
      ASSAY_MAX_BODY_BYTES: limits.maxBodyBytes,
      ASSAY_MAX_UPLOAD_BYTES: limits.maxUploadBytes,
      ASSAY_MAX_UPLOAD_FILES: limits.maxUploadFiles,
      ASSAY_MAX_QUEUED_JOBS: limits.maxQueuedJobs,
      ASSAY_MAX_SCAN_SECONDS: limits.maxScanMs / 1000,
    };
    const said = rows.flatMap(({ names: [name = ''], otherwise }) => (name in defaults ? [[name, otherwise]] : []));
    const bare = said.map(([name = '', text = '']) => [name, text.replaceAll('`', '')]);
    expect(Object.fromEntries(bare)).toEqual(
      Object.fromEntries(Object.entries(defaults).map(([name, value]) => [name, String(value)])),
    );
  });

  it('lists variables that --help lists as well', async () => {
    const { stdout } = await runCli(['serve', '--help']);
    for (const name of rows.flatMap(({ names }) => names)) expect(stdout).toContain(name);
  });

  it('mentions only existing routes', () => {
    const { paths } = JSON.parse(readFileSync(join(ROOT, 'test/golden/openapi.json'), 'utf8'));
    const known = new Set(Object.keys(paths).map((path) => path.replaceAll(/\{[^}]+\}/g, '*')));
    const asked = [...guide.matchAll(/(?<=[\s"`L])\/(?:v1\/[\w/$.-]+|healthz|readyz|metrics)(?=["?` ]|$)/gm)];
    const called = unique(asked.map(([path]) => path.replaceAll(/\$\w+|(?<=\/files\/)0/g, '*')));
    expect(called.length).toBeGreaterThan(15);
    expect(called.filter((path) => !known.has(path))).toEqual([]);
  });

  it('mentions only existing commands, options and files', async () => {
    const lines = [...guide.matchAll(/(?<=`|^ {4})assay ([a-z-]+)((?: [^`\n]*)?)/gm)];
    const asked = new Map<string, string[]>();
    for (const [, verb = '', rest = ''] of lines) {
      const words = verb === 'audit-log' ? [verb, /^ (\w+)/.exec(rest)?.[1] ?? 'list'] : [verb];
      const options = [...rest.matchAll(/(?<= )--[a-z-]+/g)].map(([option]) => option);
      asked.set(words.join(' '), [...(asked.get(words.join(' ')) ?? []), ...options]);
    }
    expect(asked.size).toBeGreaterThan(5);
    for (const [verb, options] of asked) {
      const { code: status, stdout } = await runCli([...verb.split(' '), '--help']);
      expect({ verb, status }).toEqual({ verb, status: 0 });
      for (const option of options) expect(stdout).toContain(option);
    }
    for (const [, file = ''] of guide.matchAll(/\]\(([\w-]+\.md)/g))
      expect(readFileSync(join(ROOT, 'docs', file), 'utf8')).toContain('#');
  });

  it('mentions only existing chart values', () => {
    const values = parse(readFileSync(join(ROOT, 'deploy/helm/assay/values.yaml'), 'utf8'));
    const table = [...guide.matchAll(/^\| ((?:`[a-z]\w+(?:\.\w+)*`(?:, )?)+) \| /gm)].flatMap(([, cell = '']) =>
      [...cell.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name),
    );
    const named = table.filter((name) => !ROLES.some((role) => role === name));
    expect(named.length).toBeGreaterThan(15);
    for (const name of named) {
      const value = name.split('.').reduce((at, key) => at?.[key], values);
      expect(value, name).toBeDefined();
    }
  });

  it('shows a receiver that verifies a webhook', async () => {
    const path = join(tempFolder(), 'receiver.mjs');
    writeFileSync(path, code('js'));
    const { isFromAssay } = await import(pathToFileURL(path).href);
    const body = '{"seq": 7}';
    const signature = signatureOf('secret', body, new Date());
    expect(isFromAssay('secret', signature, Buffer.from(body))).toBe(true);
    expect(isFromAssay('secret', signature, Buffer.from('{"seq": 8}'))).toBe(false);
    expect(isFromAssay('another', signature, Buffer.from(body))).toBe(false);
    expect(isFromAssay('secret', undefined, Buffer.from(body))).toBe(false);
    const old = signatureOf('secret', body, new Date(Date.now() - 600_000));
    expect(isFromAssay('secret', old, Buffer.from(body))).toBe(false);
  });
});

const hasAll = ['bash', 'curl', 'jq'].every((name) => spawnSync(name, ['--version']).status === 0);
requirePart('bash, curl and jq', hasAll, 'apt-get install curl jq', 'the script in the documentation', () => {
  const folder = tempFolder();
  let service: RunningService;
  beforeAll(async () => {
    const env = {
      ASSAY_LOG_LEVEL: 'silent',
      ASSAY_DATA: join(folder, 'data'),
      ASSAY_MAX_LOOP_DELAY_MS: '0',
      ASSAY_TOKEN_OWNERS: 'https://login.example.com',
    };
    service = await startService(await readConfig({ listen: '127.0.0.1:0' }, env), { tell: () => {} });
    const header = JSON.stringify({ w: { dtype: 'F32', shape: [2], data_offsets: [0, 8] } });
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(header.length));
    writeFileSync(join(folder, 'model.safetensors'), Buffer.concat([length, Buffer.from(header), Buffer.alloc(8)]));
  });
  afterAll(() => service.close());

  it('leads from an upload to a published decision', async () => {
    const { firstToken } = service;
    const env = { PATH: process.env.PATH, ASSAY_URL: service.url, ASSAY_TOKEN: firstToken ?? '' };
    const child = spawn('bash', ['-euo', 'pipefail', '-c', code('sh')], {
      cwd: folder,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let said = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        said += text;
      });
    }
    const status = await new Promise((resolve) => child.once('close', resolve));
    expect({ status, said }).toEqual({ status: 0, said: expect.stringContaining('event: end') });
    expect(said.split('\n').filter((line) => line !== '' && !line.startsWith('event: progress'))).toEqual([
      'complete',
      'event: end',
      '## Assay: ALLOW',
      '`acme/ranker@1`',
      'candidate: allow',
      'staging: allow',
      'production: deny',
      'approved',
      '{"model":"acme/ranker","stage":"staging","action":"allow","approvedFor":["staging"]}',
    ]);
  });
});
