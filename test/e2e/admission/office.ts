import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeFiles, writeKey } from '../../cli/registry-ground.ts';
import { type CliResult, MAIN, ROOT, runCli } from '../../cli/run-cli.ts';
import { FakeHub, fakeFile } from '../../support/fake-hub.ts';
import { freePort } from '../../support/free-port.ts';
import { TOKEN_OWNERS, UNLIMITED } from '../../support/service.ts';
import { until } from '../../support/until.ts';
import type { Model } from './models.ts';
import { modelOf } from './models.ts';

const BENIGN = 'fixtures/benign';
/** Files that real libraries wrote; the last one runs a program when it is loaded. */
const MODELS = {
  'acme/iris': ['model.joblib', `${BENIGN}/sklearn/1.7.2/LogisticRegression.joblib.joblib`],
  'acme/net': ['pytorch_model.bin', `${BENIGN}/torch/2.6.0/state-dict.bin`],
  'acme/bert': ['pytorch_model.bin', `${BENIGN}/transformers/4.57.6/pytorch_model.bin`],
  'stray/gadget': ['model.pkl', 'fixtures/pickle-probes/gadget-exec/a.pkl'],
} as const;
export type Published = keyof typeof MODELS;

/** A Hub with some models of real libraries. */
export async function openHub(): Promise<{
  readonly hub: FakeHub;
  readonly models: Readonly<Record<Published, Model>>;
}> {
  const hub = await FakeHub.start();
  const models = Object.entries(MODELS).map(([name, [path, from]]) => {
    const files = [
      fakeFile(path, readFileSync(join(ROOT, from)), { lfs: true }),
      fakeFile('config.json', JSON.stringify({ name })),
    ];
    const [owner = '', model = ''] = name.split('/');
    const commit = hub.repo(name).commit(files);
    return [name, { ...modelOf(owner, model), commit, hub: `hf://${name}@${commit}` }];
  });
  return { hub, models: Object.fromEntries(models) };
}

const PEOPLE = { alice: 'submitter', bob: 'reviewer', carol: 'security-approver', gate: 'gate' } as const;
type Person = keyof typeof PEOPLE;

/** The scanner service and the snapshot writer beside it, each as the process that an operator starts. */
export class Office {
  readonly folder: string;
  readonly url: string;
  readonly #hub: FakeHub;
  readonly #tokens = new Map<Person, string>();
  #service: ChildProcess | undefined;
  #writer: ChildProcess | undefined;
  #said = '';

  private constructor(folder: string, hub: FakeHub, port: number) {
    this.folder = folder;
    this.#hub = hub;
    this.url = `http://127.0.0.1:${port}`;
  }

  static async open(folder: string, hub: FakeHub): Promise<Office> {
    mkdirSync(join(folder, 'data', 'snapshots'), { recursive: true });
    writeFiles(folder);
    writeKey(folder, 'writer');
    const office = new Office(folder, hub, await freePort());
    await office.start();
    for (const [name, role] of Object.entries(PEOPLE)) {
      office.#tokens.set(name as Person, await office.#makeToken(name, role));
    }
    office.#writer = office.#spawn([
      ...['snapshot', '--registry', join(folder, 'data', 'assay.db'), '--key', join(folder, 'writer.pem'), '--watch'],
      ...['--rules', join(folder, 'rules.yaml'), '--trust', join(folder, 'trust.yaml'), '--public-url', office.url],
      ...['-o', join(folder, 'data', 'snapshots', 'default.snapshot.json')],
    ]);
    return office;
  }

  #first = '';

  async start(): Promise<void> {
    this.#said = '';
    const data = join(this.folder, 'data');
    const listen = new URL(this.url).host;
    this.#service = this.#spawn([
      'serve',
      '--listen',
      listen,
      '--data',
      data,
      '--rules',
      join(this.folder, 'rules.yaml'),
    ]);
    const token = () => /^assay_[\w-]{43}$/m.exec(this.#said)?.[0] ?? '';
    // A new registry prints its token after the address.
    const told = () => this.#said.includes('listens at ') && (this.#first !== '' || token() !== '');
    const service = this.#service;
    await until('assay serve listens', () => {
      if (service.exitCode !== null) throw new Error(`assay serve: ${this.#said}`);
      return told();
    });
    this.#first ||= token();
  }

  /** Kills the service; its data remain. */
  async down(): Promise<void> {
    await end(this.#service, 'SIGKILL');
  }

  token(person: Person): string {
    return this.#tokens.get(person) ?? '';
  }

  as(person: Person, ...args: string[]): Promise<CliResult> {
    const env = { ASSAY_URL: this.url, ASSAY_TOKEN: this.token(person), HF_ENDPOINT: this.#hub.endpoint };
    return runCli(args, { cwd: this.folder, env });
  }

  /** Requests a stage as one person and approves as another: staging, and production as two. */
  async approve(ref: string): Promise<void> {
    for (const [stage, voters] of [
      ['staging', ['bob']],
      ['production', ['bob', 'carol']],
    ] as const) {
      need(await this.as('alice', 'promote', ref, '--stage', stage, '-q'));
      for (const voter of voters)
        need(await this.as(voter, 'approve', ref, '--stage', stage, '--key', `${voter}.pem`, '-q'));
    }
  }

  async close(): Promise<void> {
    await end(this.#writer, 'SIGTERM');
    await end(this.#service, 'SIGTERM');
  }

  async #makeToken(name: string, role: string): Promise<string> {
    const headers = { authorization: `Bearer ${this.#first}`, 'content-type': 'application/json' };
    const body = JSON.stringify({ name, roles: [role], owner: name });
    const answer = await fetch(`${this.url}/v1/tokens`, { method: 'POST', headers, body });
    if (answer.status !== 201) throw new Error(await answer.text());
    return ((await answer.json()) as { readonly secret: string }).secret;
  }

  #spawn(args: readonly string[]): ChildProcess {
    const env = {
      PATH: process.env.PATH,
      HOME: '/nonexistent',
      ASSAY_HUB_ENDPOINT: this.#hub.endpoint,
      // The Hub is on this machine.
      ASSAY_ALLOW_PRIVATE_ADDRESSES: 'true',
      ASSAY_TRUST: join(this.folder, 'trust.yaml'),
      ASSAY_LOG_LEVEL: 'error',
      ...UNLIMITED,
      ...TOKEN_OWNERS,
    };
    const child = spawn(process.execPath, [MAIN, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (text: Buffer) => {
        this.#said += text.toString();
      });
    }
    process.once('exit', () => child.kill('SIGKILL'));
    return child;
  }
}

export function need(result: CliResult): CliResult {
  if (result.code === 0) return result;
  throw new Error(`${result.code}: ${result.stderr}${result.stdout}`);
}

async function end(child: ChildProcess | undefined, signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
  if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill(signal);
  await ended;
}
