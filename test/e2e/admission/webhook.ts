import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import type { DecisionRecord } from '../../../admission-webhook/src/index.ts';
import { MAIN } from '../../cli/run-cli.ts';
import { freePort } from '../../support/free-port.ts';
import { tied } from '../../support/tied.ts';
import { until } from '../../support/until.ts';

type WebhookState = 'ready' | 'unready';

/** `assay admit` as a cluster runs it: a separate process of the built command line. */
export class Webhook {
  /** `https://127.0.0.1:PORT`, the address that the API server calls. */
  readonly url: string;
  /** The address of its status and metrics. */
  readonly metrics: string;
  readonly #args: readonly string[];
  #child: ChildProcess;
  #out = '';
  #err = '';

  private constructor(port: number, metricsPort: number, args: readonly string[]) {
    this.url = `https://127.0.0.1:${port}`;
    this.metrics = `http://127.0.0.1:${metricsPort}`;
    const places = ['--listen', `127.0.0.1:${port}`, '--metrics-listen', `127.0.0.1:${metricsPort}`];
    this.#args = ['admit', ...places, '--drain', '0', ...args];
    this.#child = this.#spawn();
  }

  /** Waits until it is ready, or, with `unready`, until it answers at all. */
  static async start(args: readonly string[], state: WebhookState = 'ready'): Promise<Webhook> {
    const webhook = new Webhook(await freePort(), await freePort(), args);
    await webhook.#until(state);
    return webhook;
  }

  /** Starts it again with the same ports and folders, after it ended. */
  async again(state: WebhookState = 'ready'): Promise<void> {
    this.#child = this.#spawn();
    await this.#until(state);
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Its decisions, oldest first. */
  get records(): readonly DecisionRecord[] {
    const lines = this.#out.split('\n').filter((line) => line.startsWith('{'));
    return lines.map((line) => JSON.parse(line)).filter((record) => 'rulings' in record);
  }

  /** The newest matching decision, as soon as it is logged. */
  async record(isMeant: (record: DecisionRecord) => boolean): Promise<DecisionRecord> {
    await until('such a decision is written down', () => this.records.some(isMeant));
    return this.records.findLast(isMeant) as DecisionRecord;
  }

  /** The number of answered reviews: each is counted when it is answered, and logged a little later. */
  async answered(): Promise<number> {
    const text = await this.get('/metrics');
    const counts = [...text.matchAll(/^assay_admission_reviews_total\{.*\} (\d+)$/gm)];
    return counts.reduce((sum, [, count]) => sum + Number(count), 0);
  }

  get said(): string {
    return this.#err;
  }

  async get(path: string): Promise<string> {
    return (await fetch(this.metrics + path)).text();
  }

  /** The value of a metric. @param name as in `/metrics`, with its labels */
  async count(name: string): Promise<number> {
    const line = (await this.get('/metrics')).split('\n').find((one) => one.startsWith(`${name} `));
    return Number(line?.slice(name.length + 1) ?? Number.NaN);
  }

  pause(): void {
    this.#child.kill('SIGSTOP');
  }

  resume(): void {
    this.#child.kill('SIGCONT');
  }

  /** @returns its exit code */
  async stop(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<number | null> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      const ended = once(this.#child, 'exit');
      this.#child.kill(signal);
      await ended;
    }
    return this.#child.exitCode;
  }

  #spawn(): ChildProcess {
    const env = { PATH: process.env.PATH, HOME: '/nonexistent', TMPDIR: tmpdir() };
    const child = spawn(...tied(process.execPath, [MAIN, ...this.#args]), { env, stdio: ['ignore', 'pipe', 'pipe'] });
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.#out += text;
    });
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#err += text;
    });
    process.once('exit', () => child.kill('SIGKILL'));
    return child;
  }

  async #until(state: WebhookState): Promise<void> {
    const path = state === 'ready' ? '/readyz' : '/healthz';
    await until(`assay admit is ${state}`, async () => {
      if (this.#child.exitCode !== null)
        throw new Error(`assay admit ended with ${this.#child.exitCode}: ${this.#err}`);
      const answer = await fetch(this.metrics + path).catch(() => undefined);
      return answer?.ok === true;
    });
  }
}
