import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { freePort } from '../support/free-port.ts';
import { tied } from '../support/tied.ts';
import { until } from '../support/until.ts';

/** The first line of its output: from then on it handles signals. Before, a signal would end it at once. */
const IS_UP = /: working, |listens at /;
const MAIN = new URL('../../dist/src/cli/main.js', import.meta.url).pathname;

/** One process of the product, as its operator starts it; its output is kept. */
class Resident {
  said = '';
  #isUp = false;
  readonly #child: ChildProcess;

  constructor(args: readonly string[], env: NodeJS.ProcessEnv) {
    this.#child = spawn(...tied(process.execPath, [MAIN, ...args]), { env, stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.on('data', (text: Buffer) => {
        this.said = (this.said + text.toString()).slice(-20_000);
        this.#isUp ||= IS_UP.test(this.said);
      });
    }
  }

  get isAlive(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  async end(signal: 'SIGKILL' | 'SIGTERM'): Promise<number | null> {
    if (signal === 'SIGTERM') await until('it is up, or has ended', () => this.#isUp || !this.isAlive);
    if (!this.isAlive) return this.#child.exitCode;
    const ended = once(this.#child, 'exit');
    this.#child.kill(signal);
    await ended;
    return this.#child.exitCode;
  }
}

/** A service and its workers, each a process that can be killed at any moment and is started again. */
export class Town {
  readonly origin: string;
  readonly workers: Resident[] = [];
  readonly #env: NodeJS.ProcessEnv;
  readonly #workerFlags: readonly string[];
  #service: Resident | undefined;
  kills = 0;

  private constructor(port: number, env: NodeJS.ProcessEnv, workerFlags: readonly string[]) {
    this.origin = `http://127.0.0.1:${port}`;
    // Files that killed processes leave are among the data of the test.
    const own = { PATH: process.env.PATH, HOME: '/nonexistent', TMPDIR: env.ASSAY_DATA };
    this.#env = { ...own, ...env, ASSAY_LISTEN: `127.0.0.1:${port}` };
    this.#workerFlags = workerFlags;
  }

  static async build(env: NodeJS.ProcessEnv, workers: number, workerFlags: readonly string[]): Promise<Town> {
    const town = new Town(await freePort(), env, workerFlags);
    await town.startService();
    for (let i = 0; i < workers; i++) town.workers.push(town.#worker());
    return town;
  }

  async startService(): Promise<void> {
    let service = new Resident(['serve', '--workers', '0'], this.#env);
    await until('the service answers', async () => {
      if (!service.isAlive) service = new Resident(['serve', '--workers', '0'], this.#env);
      this.#service = service;
      const answer = await fetch(`${this.origin}/healthz`).catch(() => undefined);
      return answer?.ok === true;
    }).catch((cause: unknown) => {
      throw new Error(`the service did not start: ${service.said}`, { cause });
    });
  }

  async killService(): Promise<void> {
    this.kills++;
    await this.#service?.end('SIGKILL');
  }

  /** As an operator does: a process that ended because its database was unavailable is started again. */
  revive(): void {
    for (const [i, worker] of this.workers.entries()) if (!worker.isAlive) this.workers[i] = this.#worker();
  }

  /** One after the other, so that each gets the signal. */
  async killWorker(): Promise<void> {
    const worker = this.workers.shift();
    await worker?.end('SIGKILL');
    this.kills++;
    this.workers.push(this.#worker());
  }

  /** In order. @returns exit codes */
  async close(): Promise<(number | null | undefined)[]> {
    return Promise.all([...this.workers, this.#service].map((resident) => resident?.end('SIGTERM')));
  }

  get said(): string {
    return [...this.workers, this.#service].map((resident) => resident?.said).join('\n---\n');
  }

  #worker(): Resident {
    return new Resident(['worker', '--lease', '4', '--concurrency', '2', ...this.#workerFlags], this.#env);
  }
}

export interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

/** `undefined` when no answer arrived, or only a part: the request may have been executed. */
export async function ask(
  town: Town,
  token: string,
  method: 'GET' | 'POST',
  path: string,
  body?: unknown,
): Promise<Answer | undefined> {
  try {
    const response = await fetch(`${town.origin}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(60_000),
    });
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  } catch {
    return undefined;
  }
}
