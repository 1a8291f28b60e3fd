import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, copyFileSync, existsSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { validate } from 'dockerfile-utils';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { openRegistry } from '../../src/registry/index.ts';
import { loadRegistryRules } from '../../src/registry/rules/rules.ts';
import { ROOT, runCli } from '../cli/run-cli.ts';
import { requirePart } from '../support/parts.ts';
import { HOW, hasPostgres, PostgresServer } from '../support/postgres.ts';
import { tempFolder } from '../support/temp.ts';

const DEPLOY = join(ROOT, 'deploy');
const dockerfile = readFileSync(join(DEPLOY, 'Dockerfile'), 'utf8');

interface Service {
  readonly image: string;
  readonly user?: string;
  readonly read_only?: boolean;
  readonly cap_drop?: readonly string[];
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly secrets?: readonly (string | { readonly source: string })[];
  readonly tmpfs?: readonly string[];
  readonly volumes?: readonly unknown[];
}

describe('the Dockerfile of the service', () => {
  it('has no lint errors', () => {
    expect(validate(dockerfile)).toEqual([]);
  });

  it('has a final stage without root, shell or build tools', () => {
    const run = dockerfile.split('\nFROM ').at(-1) ?? '';
    expect(dockerfile).toMatch(/^ARG RUN_IMAGE=gcr\.io\/distroless\/.*:nonroot$/m);
    expect(run).toMatch(/^USER 65532:65532$/m);
    expect(run).not.toMatch(/^RUN|^ADD/m);
    expect(run).toContain('/usr/share/sbom/assay.cdx.json');
    expect(dockerfile).toMatch(/rm -rf .*node_modules\/typescript/);
  });

  it('creates a folder of the runtime user for every volume mount', () => {
    const { services } = parse(readFileSync(join(DEPLOY, 'compose.yaml'), 'utf8'), { merge: true });
    const mounts: readonly unknown[] = ['api', 'worker', 'snapshot'].flatMap((name) => services[name].volumes);
    const places = mounts.flatMap((mount) => (typeof mount === 'string' ? (mount.split(':')[1] ?? []) : []));
    expect(places).toContain('/snapshots');
    const [, made = ''] = /mkdir -p (volumes.*)$/m.exec(dockerfile) ?? [];
    const folders = made.split(' ').map((folder) => folder.slice('volumes'.length));
    for (const place of places)
      expect(
        folders.some((folder) => folder.startsWith(place)),
        place,
      ).toBe(true);
    expect(dockerfile).toMatch(/^COPY --from=build --chown=65532:65532 \/src\/volumes \/$/m);
  });

  it('adds an SBOM of the production dependencies only', () => {
    const [, command = ''] = /(npm sbom [^>]+)>/.exec(dockerfile) ?? [];
    const { status, stdout } = spawnSync('sh', ['-c', command], { cwd: ROOT, encoding: 'utf8', maxBuffer: 1 << 26 });
    expect(status).toBe(0);
    const components: readonly { readonly name: string }[] = JSON.parse(stdout).components;
    const names = components.map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(['fastify', 'kysely', 'better-sqlite3']));
    expect(names).not.toContain('vitest');
  });

  it('copies only existing files that .dockerignore includes', () => {
    const kept = readFileSync(join(ROOT, '.dockerignore'), 'utf8').split('\n');
    const copied = [...dockerfile.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, names = '']) =>
      names.split(' '),
    );
    expect(copied.length).toBeGreaterThan(4);
    for (const name of copied) {
      expect(existsSync(join(ROOT, name)), name).toBe(true);
      expect(kept).toContain(`!${name}`);
    }
  });
});

describe('compose.yaml', () => {
  const compose = parse(readFileSync(join(DEPLOY, 'compose.yaml'), 'utf8'), { merge: true });
  const services: Readonly<Record<string, Service>> = compose.services;

  it('conforms to the schema of Compose', () => {
    const linter = join(ROOT, 'node_modules/.bin/dclint');
    const { status, stdout } = spawnSync(linter, ['--quiet', join(DEPLOY, 'compose.yaml')], { encoding: 'utf8' });
    expect(stdout.trim()).toBe('');
    expect(status).toBe(0);
  });

  it('runs Assay without root and read-only, except for volumes', () => {
    const ours = Object.values(services).filter(({ image }) => image.startsWith('assay:'));
    expect(ours).toHaveLength(3);
    for (const service of ours) {
      expect(service).toMatchObject({ user: '65532:65532', read_only: true, cap_drop: ['ALL'] });
    }
  });

  it('runs the databases without root, read-only and without capabilities', () => {
    for (const name of ['postgres', 'redis'])
      expect(services[name]).toMatchObject({ user: '999:999', read_only: true, cap_drop: ['ALL'] });
  });

  it('has models downloaded to a disk, not into memory', () => {
    expect(services.worker?.tmpfs).toEqual([]);
    expect(services.worker?.volumes).toContain('/tmp');
  });

  it('gives the API and the workers the folders of suites and of data sets, to read alone', () => {
    for (const service of [services.api, services.worker])
      for (const target of ['/suites', '/datasets'])
        expect(service?.volumes).toContainEqual(expect.objectContaining({ target, read_only: true }));
  });

  it('gives workers, which read files of strangers, no secret of sessions and no approval key', () => {
    const held = (service?: Service) => JSON.stringify([service?.environment, service?.secrets]);
    expect(held(services.worker)).not.toMatch(/session|approval/i);
    expect(held(services.api)).toMatch(/session/i);
    expect(held(services.api)).toMatch(/"ASSAY_APPROVAL_KEY":"\/run\/secrets\/approval-key".*"approval-key"/);
  });

  it('contains no secret, and names only secrets that the script creates', () => {
    const folder = join(tempFolder(), 'secrets');
    const { status, stderr } = spawnSync('sh', [join(DEPLOY, 'secrets.sh'), folder], { encoding: 'utf8' });
    expect({ status, stderr: stderr.replace(/^run it as root.*\n/, '') }).toEqual({ status: 0, stderr: '' });
    const files: Readonly<Record<string, { file: string }>> = compose.secrets;
    for (const { file } of Object.values(files))
      expect(existsSync(join(folder, file.slice('./secrets/'.length)))).toBe(true);
    for (const { secrets = [], environment = {}, command = [] } of Object.values(services)) {
      for (const secret of secrets) expect(files).toHaveProperty(typeof secret === 'string' ? secret : secret.source);
      expect(JSON.stringify([environment, command])).not.toMatch(/password=|:[^@/"]+@/i);
    }
    expect(statSync(join(folder, 'approval-key.pem')).mode & 0o077).toBe(0);
  });

  it('has each secret created once by the script', () => {
    const outer = tempFolder();
    chmodSync(outer, 0o755);
    const folder = join(outer, 'secrets');
    // Only root can overwrite read-only files.
    const isRoot = process.getuid?.() === 0;
    const nobody = { uid: 65534, gid: 65534 };
    mkdirSync(folder);
    if (isRoot) chownSync(folder, nobody.uid, nobody.gid);
    // Another user cannot enter the checkout.
    const script = join(outer, 'secrets.sh');
    copyFileSync(join(DEPLOY, 'secrets.sh'), script);
    chmodSync(script, 0o755);
    const make = () => spawnSync('sh', [script, folder], isRoot ? { ...nobody, cwd: outer } : {}).status;
    expect(make()).toBe(0);
    const before = readFileSync(join(folder, 'database'), 'utf8');
    expect(make()).toBe(0);
    expect(readFileSync(join(folder, 'database'), 'utf8')).toBe(before);
  });
});

requirePart('PostgreSQL server', hasPostgres, HOW, 'the snapshot writer in compose.yaml', () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await PostgresServer.start();
  });
  afterAll(() => server.stop());

  /** The content of `/run/secrets` in the container. */
  function given(): string {
    const made = join(tempFolder(), 'secrets');
    expect(spawnSync('sh', [join(DEPLOY, 'secrets.sh'), made]).status).toBe(0);
    const compose = parse(readFileSync(join(DEPLOY, 'compose.yaml'), 'utf8'), { merge: true });
    const folder = tempFolder();
    for (const name of [...compose.services.snapshot.secrets, 'reader-sql'])
      copyFileSync(join(made, compose.secrets[name].file.slice('./secrets/'.length)), join(folder, name));
    return folder;
  }

  it('reads the registry with a read-only user and its own secret files', async () => {
    const folder = given();
    const url = await server.freshDatabase();
    const owner = new pg.Client({ connectionString: url });
    await owner.connect();
    await owner.query(readFileSync(join(folder, 'reader-sql'), 'utf8'));
    await owner.end();
    const registry = await openRegistry({ database: url, rules: await loadRegistryRules(null) });
    await registry.close();

    const reader = url.replace('assay@', 'assay_reader@');
    const output = join(folder, 'default.snapshot.json');
    const args = ['--trust', join(folder, 'trust'), '--key', join(folder, 'snapshot-key'), '-o', output];
    const ran = await runCli(['snapshot', '--registry', reader, ...args]);
    expect(ran).toMatchObject({ code: 0, stderr: expect.not.stringContaining('assay:') });
    expect(JSON.parse(readFileSync(output, 'utf8'))).toBeTypeOf('object');

    const thief = new pg.Client({ connectionString: reader });
    await thief.connect();
    await expect(thief.query('delete from audit')).rejects.toThrow('permission denied');
    await thief.end();
  });
});
