import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { framed, type Interpreter, jailed } from '../jail.ts';

/** A file to load, with the names in its report. */
export interface LoadRequest {
  readonly loader: 'pickle' | 'joblib' | 'torch';
  readonly names: readonly string[];
  readonly bytes: Uint8Array;
}

export interface LoadAnswer {
  /** `stop`, or the error of the load. */
  readonly end: string;
  /** The forbidden actions of the load. */
  readonly found: readonly string[];
}

export interface About {
  readonly modules: readonly string[];
  readonly classes: readonly string[];
  /** Files that real libraries wrote. */
  readonly warm: readonly Omit<LoadRequest, 'names'>[];
}

/** A process in a jail that has imported libraries, and loads one file after another, each in a fork. */
export class ListsLoader {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #waiting: { take(line: string): void; fail(error: Error): void }[] = [];
  #said = '';
  #ended: Error | undefined;
  readonly #closed: Promise<void>;
  /** Listed names that its libraries have. */
  readonly present: Promise<readonly string[]>;

  constructor(interpreter: Interpreter, about: About) {
    const { program, args } = jailed(interpreter, 'lists/worker.py');
    this.#child = spawn(program, args);
    this.#child.stderr.on('data', (said: Buffer) => {
      this.#said = (this.#said + said.toString()).slice(-4000);
    });
    createInterface(this.#child.stdout).on('line', (line) => this.#waiting.shift()?.take(line));
    this.#closed = new Promise((resolve) => {
      this.#child.on('close', (code, signal) => {
        this.#ended = new Error(`the jail ended with ${code ?? signal}: ${this.#said}`);
        for (const { fail } of this.#waiting.splice(0)) fail(this.#ended);
        resolve();
      });
    });
    // The close event reports the end of the process.
    this.#child.stdin.on('error', () => undefined);
    const { modules, classes, warm } = about;
    this.#send(Buffer.from(JSON.stringify({ modules, classes, warm: warm.length })));
    for (const { loader, bytes } of warm) this.#send(Buffer.from(JSON.stringify({ loader })), bytes);
    this.present = this.#answer<{ present: readonly string[] }>().then(({ present }) => present);
  }

  load({ loader, names, bytes }: LoadRequest): Promise<LoadAnswer> {
    this.#send(Buffer.from(JSON.stringify({ loader, names })), bytes);
    return this.#answer<LoadAnswer>();
  }

  close(): Promise<void> {
    this.#child.stdin.end();
    return this.#closed;
  }

  #send(...frames: readonly Uint8Array[]): void {
    this.#child.stdin.write(Buffer.concat(frames.map(framed)));
  }

  #answer<T>(): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.#ended !== undefined) return reject(this.#ended);
      this.#waiting.push({ take: (line) => resolve(JSON.parse(line) as T), fail: reject });
    });
  }
}
