import { generateKeyPairSync } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import type { Role } from '../../src/registry/index.ts';
import { type RunningService, readConfig, startService } from '../../src/service/index.ts';
import { requirePart, STORY } from '../support/parts.ts';
import { HOW, hasPostgres, PostgresDatabases } from '../support/postgres.ts';
import { TOKEN_OWNERS, UNLIMITED } from '../support/service.ts';
import { type CliResult, ROOT, runCli } from './run-cli.ts';

const BENIGN = 'fixtures/benign/stdlib/3.13.0/none-types.p3.pkl';
const EVIL = 'fixtures/pickle-probes/gadget-exec/a.pkl';
const KEYS = ['bob', 'carol', 'stranger'] as const;

/** The people of the registry, with the roles of their tokens. */
const PEOPLE: Readonly<Record<Person, readonly Role[]>> = {
  alice: ['submitter'],
  bob: ['reviewer'],
  carol: ['security-approver'],
  victor: ['viewer'],
};
export type Person = 'alice' | 'bob' | 'carol' | 'victor';

/** A folder with models and keys, and a registry that several people use. */
export interface Ground {
  readonly root: string;
  readonly kind: 'local' | 'service';
  /** Runs the built command line as a person. */
  as(person: Person, ...args: string[]): Promise<CliResult>;
  /** A model with bytes that no other test has. */
  model(name: string, content?: 'benign' | 'evil'): string;
}

type Suite = (ground: () => Ground) => void;

/** Runs a suite with a registry file and with a running service, and a shorter one with PostgreSQL. */
export function onEveryGround(suite: Suite, shorter: Suite): void {
  describe('the registry verbs with a registry file', STORY, () =>
    on(async (root) => localGround(root, 'models.db', {}), suite),
  );
  describe('the registry verbs with a service', STORY, () => on(serviceGround, suite));
  requirePart(
    'PostgreSQL server',
    hasPostgres,
    HOW,
    'the registry verbs with PostgreSQL',
    () => {
      let server: PostgresDatabases | undefined;
      afterAll(async () => server?.stop());
      on(async (root) => {
        server = await PostgresDatabases.shared();
        const url = new URL(await server.freshDatabase());
        const password = url.password;
        url.password = '';
        return localGround(root, url.href, { PGPASSWORD: password });
      }, shorter);
    },
    STORY,
  );
}

export type Opened = Pick<Ground, 'kind' | 'as'> & { readonly close?: () => Promise<void> };

function on(open: (root: string) => Promise<Opened>, suite: Suite): void {
  let root = '';
  let opened: Opened | undefined;
  beforeAll(async () => {
    root = mkdtempSync(join(tmpdir(), 'assay-verbs-'));
    writeFiles(root);
    opened = await open(root);
  });
  afterAll(async () => {
    await opened?.close?.();
    rmSync(root, { recursive: true, force: true });
  });
  suite(() => {
    if (opened === undefined) throw new Error('the ground is not there');
    return { root, kind: opened.kind, as: opened.as, model: (name, content) => writeModel(root, name, content) };
  });
}

/** The rules: a requester and a reviewer; for production also a security approver. */
export function writeFiles(root: string): void {
  for (const name of KEYS) writeKey(root, name);
  writeFileSync(
    join(root, 'rules.yaml'),
    `version: 1
stages:
  staging: { policy: baseline, approvals: [{ role: reviewer, count: 1 }], methods: [key] }
  production:
    policy: baseline
    approvals: [{ role: reviewer, count: 1 }, { role: security-approver, count: 1 }]
    methods: [key]
`,
  );
  writeFileSync(
    join(root, 'trust.yaml'),
    `version: 1
signers:
  - { name: bob, key: bob.pub, may: [approval], roles: [reviewer] }
  - { name: carol, key: carol.pub, may: [approval], roles: [security-approver] }
`,
  );
}

export function writeKey(root: string, name: string): void {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  writeFileSync(join(root, `${name}.pem`), privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
  writeFileSync(join(root, `${name}.pub`), publicKey.export({ type: 'spki', format: 'pem' }));
}

export function writeModel(root: string, name: string, content: 'benign' | 'evil' = 'benign'): string {
  const folder = join(root, name);
  mkdirSync(folder);
  cpSync(join(ROOT, content === 'evil' ? EVIL : BENIGN), join(folder, 'model.pkl'));
  writeFileSync(join(folder, 'config.json'), `{"name": ${JSON.stringify(name)}}\n`);
  return name;
}

export async function localGround(root: string, registry: string, env: NodeJS.ProcessEnv): Promise<Opened> {
  const own = ['--registry', registry, '--rules', 'rules.yaml', '--trust', 'trust.yaml'];
  return {
    kind: 'local',
    as: (person, ...args) => runCli([...args, ...own, '--as', person], { cwd: root, env }),
  };
}

export async function serviceGround(root: string): Promise<Opened & { readonly url: string }> {
  const env = { ASSAY_TRUST: join(root, 'trust.yaml'), ASSAY_LOG_LEVEL: 'silent', ...UNLIMITED, ...TOKEN_OWNERS };
  const flags = { listen: '127.0.0.1:0', data: join(root, 'data'), rules: join(root, 'rules.yaml') };
  const service = await startService(await readConfig(flags, env), { tell: () => {} });
  const tokens = await tokensOf(service);
  return {
    kind: 'service',
    url: service.url,
    as: (person, ...args) =>
      runCli(args, { cwd: root, env: { ASSAY_URL: service.url, ASSAY_TOKEN: tokens.get(person) } }),
    close: () => service.close(),
  };
}

async function tokensOf({ url, firstToken }: RunningService): Promise<Map<string, string>> {
  const tokens = new Map<string, string>();
  for (const [name, roles] of Object.entries(PEOPLE)) {
    const response = await fetch(`${url}/v1/tokens`, {
      method: 'POST',
      headers: { authorization: `Bearer ${firstToken}`, 'content-type': 'application/json' },
      body: JSON.stringify({ name, roles, owner: name }),
    });
    expect(response.status).toBe(201);
    tokens.set(name, ((await response.json()) as { secret: string }).secret);
  }
  return tokens;
}
