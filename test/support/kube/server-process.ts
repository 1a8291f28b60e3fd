import { type ChildProcess, spawn } from 'node:child_process';
import { appendFileSync } from 'node:fs';
import { tied } from '../tied.ts';

const KEPT = 8000;

/** A server as a child process, which ends with the tests. The end of its output is kept for messages. */
export class ServerProcess {
  readonly #name: string;
  readonly #child: ChildProcess;
  readonly #ended: Promise<void>;
  #said = '';

  /** @param log file to which its output is also written */
  constructor(program: string, args: readonly string[], log: string) {
    this.#name = program;
    const child = spawn(...tied(program, args), { stdio: ['ignore', 'pipe', 'pipe'] });
    this.#child = child;
    this.#ended = new Promise((resolve) => {
      child.once('exit', () => resolve());
      child.once('error', (error) => {
        this.#said += String(error);
        resolve();
      });
    });
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (text: Buffer) => {
        this.#said = (this.#said + text.toString()).slice(-KEPT);
        appendFileSync(log, text);
      });
    }
    process.once('exit', this.#onExit);
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  get running(): boolean {
    return this.#child.pid !== undefined && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** @throws Error with its last output, when it ended by itself */
  check(): void {
    if (!this.running) throw new Error(`${this.#name} ended: ${this.#said}`);
  }

  get said(): string {
    return this.#said;
  }

  async end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    process.removeListener('exit', this.#onExit);
    if (this.running) this.#child.kill(signal);
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), 10_000);
    await this.#ended;
    clearTimeout(timer);
  }

  /** Suspends it, like a machine without CPU time; `SIGCONT` continues it. */
  pause(signal: 'SIGSTOP' | 'SIGCONT'): void {
    this.#child.kill(signal);
  }

  readonly #onExit = (): void => {
    this.#child.kill('SIGKILL');
  };
}
