import { get, type IncomingMessage } from 'node:http';
import type { Client } from './harness.ts';

/** An event as an SSE client understands it. */
export interface ReadEvent {
  readonly id: string | undefined;
  readonly event: string;
  // biome-ignore lint/suspicious/noExplicitAny: JSON of each event's own shape
  readonly data: any;
}

/** Reads a stream of Server-Sent Events by the rules of the HTML standard. */
export class EventReader {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly events: ReadEvent[] = [];
  comments = 0;
  /** Resolves when the server ends the stream. */
  readonly ended: Promise<void>;
  readonly #response: IncomingMessage;
  readonly #waiting: (() => void)[] = [];
  #text = '';

  private constructor(response: IncomingMessage) {
    this.#response = response;
    this.status = response.statusCode ?? 0;
    this.headers = response.headers;
    response.setEncoding('utf8');
    response.on('data', (text: string) => this.#take(text));
    this.ended = new Promise((resolve) => {
      response.on('close', () => {
        resolve();
        for (const wake of this.#waiting.splice(0)) wake();
      });
    });
  }

  static open(
    url: string,
    client: Pick<Client, 'token'>,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<EventReader> {
    return new Promise((resolve, reject) => {
      const all = { authorization: `Bearer ${client.token}`, accept: 'text/event-stream', ...headers };
      get(url, { headers: all, agent: false }, (response) => resolve(new EventReader(response))).on('error', reject);
    });
  }

  /** Stops reading, as a reader that is too slow. */
  pause(): void {
    this.#response.pause();
  }

  resume(): void {
    this.#response.resume();
  }

  close(): void {
    this.#response.destroy();
  }

  /** Waits for an event that matches. */
  async find(wanted: (event: ReadEvent) => boolean): Promise<ReadEvent> {
    for (;;) {
      const found = this.events.find(wanted);
      if (found !== undefined) return found;
      if (this.#response.destroyed)
        throw new Error(`no such event among ${JSON.stringify(this.events).slice(0, 2000)}`);
      await new Promise<void>((resolve) => void this.#waiting.push(resolve));
    }
  }

  #take(text: string): void {
    this.#text += text;
    for (let end = this.#text.indexOf('\n\n'); end >= 0; end = this.#text.indexOf('\n\n')) {
      const block = this.#text.slice(0, end);
      this.#text = this.#text.slice(end + 2);
      const fields = new Map<string, string>();
      for (const line of block.split('\n')) {
        if (line.startsWith(':')) this.comments++;
        const [, name = '', value = ''] = /^([^:]+): ?(.*)$/s.exec(line) ?? [];
        if (name !== '') fields.set(name, value);
      }
      const data = fields.get('data');
      if (data !== undefined)
        this.events.push({ id: fields.get('id'), event: fields.get('event') ?? 'message', data: JSON.parse(data) });
    }
    for (const wake of this.#waiting.splice(0)) wake();
  }
}
