import type { ProgressEvent } from '../../core/index.ts';
import { count, humanBytes, terminalText } from '../../report/index.ts';
import { type Shell, widthOf } from './shell.ts';

/** Work that ends sooner shows nothing. */
const QUIET_MS = 300;
const REDRAW_MS = 100;
const ERASE_LINE = '\r\u001b[2K';

/** One line on stderr, redrawn while there is work; nothing at all where stderr is not a terminal. */
export class Progress {
  readonly #shell: Shell;
  readonly #started = performance.now();
  readonly #timer: NodeJS.Timeout | undefined;
  #files = 0;
  #filesDone = 0;
  #bytes = 0;
  #bytesDone = 0;
  /** Bytes of each open file that no `bytes` event has counted yet. */
  readonly #left = new Map<string, number>();
  #current = '';
  #drawn = false;

  constructor(shell: Shell, enabled: boolean) {
    this.#shell = shell;
    this.#timer = enabled && shell.stderr.isTTY ? setInterval(() => this.#draw(), REDRAW_MS).unref() : undefined;
  }

  readonly onEvent = (event: ProgressEvent): void => {
    switch (event.kind) {
      case 'artifact':
        this.#files = event.files;
        this.#bytes = event.bytes;
        break;
      case 'file-start':
        this.#current = event.path;
        this.#left.set(event.path, event.size);
        break;
      case 'file-end':
        this.#filesDone++;
        this.#count(event.path, this.#left.get(event.path) ?? 0);
        this.#left.delete(event.path);
        break;
      case 'bytes':
        this.#count(event.path, event.bytes);
        break;
      case 'note':
        this.#current = event.message;
        break;
    }
  };

  #count(path: string, bytes: number): void {
    this.#bytesDone += bytes;
    this.#left.set(path, Math.max(0, (this.#left.get(path) ?? 0) - bytes));
  }

  /** Stops, and leaves the line empty for what comes next. */
  end(): void {
    clearInterval(this.#timer);
    if (this.#drawn) this.#shell.stderr.write(ERASE_LINE);
    this.#drawn = false;
  }

  #draw(): void {
    const elapsed = performance.now() - this.#started;
    if (elapsed < QUIET_MS) return;
    const rate = (this.#bytesDone * 1000) / elapsed;
    const line = [
      this.#files === 0 ? 'opening' : `${this.#filesDone} of ${count(this.#files, 'file')}`,
      `${humanBytes(this.#bytesDone)} of ${humanBytes(this.#bytes)}`,
      `${humanBytes(rate)}/s`,
      terminalText(this.#current, 200),
    ].join(' · ');
    this.#shell.stderr.write(`${ERASE_LINE}${[...line].slice(0, widthOf(this.#shell.stderr) - 1).join('')}`);
    this.#drawn = true;
  }
}
