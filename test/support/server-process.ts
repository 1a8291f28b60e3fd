import type { ChildProcess } from 'node:child_process';

/** Keeps the end of a server's output, and reports when it contains a text. */
export class ServerProcess {
  readonly #child: ChildProcess;
  #said = '';
  readonly #listeners = new Set<() => void>();

  constructor(child: ChildProcess) {
    this.#child = child;
    const heard = () => {
      for (const listener of [...this.#listeners]) listener();
    };
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (text: Buffer) => {
        this.#said = (this.#said + text.toString()).slice(-4000);
        heard();
      });
    }
    child.once('error', heard);
    // After all output has arrived.
    child.once('close', heard);
  }

  /** @throws Error with its output, when it ends before it printed `text` */
  async said(text: string): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const look = () => {
        const isSaid = this.#said.includes(text);
        if (!isSaid && !this.#isOver) return;
        this.#listeners.delete(look);
        if (isSaid) resolve();
        else reject(new Error(`${this.#child.spawnfile} did not start: ${this.#said}`));
      };
      this.#listeners.add(look);
      look();
    });
  }

  async end(signal: NodeJS.Signals): Promise<void> {
    if (this.#isOver) return;
    const ended = new Promise((resolve) => this.#child.once('exit', resolve));
    this.#child.kill(signal);
    await ended;
  }

  get #isOver(): boolean {
    return this.#child.pid === undefined || this.#child.exitCode !== null || this.#child.signalCode !== null;
  }
}
