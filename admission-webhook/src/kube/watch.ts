import { Backoff, type BackoffRules } from './backoff.ts';
import type { KubeListener } from './client.ts';
import type { Connection } from './connection.ts';
import { fieldOf, textField } from './fields.ts';
import { EVENT_BOUNDS, parseAnswer } from './json.ts';
import { isExpired, KubeError } from './kube-error.ts';
import { watchedLines } from './lines.ts';
import { pages, pathWithQuery } from './pages.ts';

/** Servers end a watch after so many seconds, about: chance keeps webhooks from coming back together. */
const WATCH_SECONDS = { least: 240, spread: 240 };
/** A watch that ends sooner by itself is not asked for again at once. */
const TOO_SHORT_MS = 1_000;

/**
 * Follows a collection until the signal fires: lists it, then watches from there with bookmarks. An interruption is made up for
 * from where it was; when the server has forgotten that (410), by listing again.
 * @see https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes
 */
export async function watchCollection(
  connection: Connection,
  path: string,
  listener: KubeListener,
  signal: AbortSignal,
  rules: BackoffRules,
): Promise<void> {
  const stop = AbortSignal.any([signal, connection.closed]);
  const backoff = new Backoff(rules);
  const follower = new Follower(connection, path, listener, stop, backoff);
  while (!stop.aborted) {
    try {
      await follower.follow();
    } catch (error) {
      if (stop.aborted) return;
      if (isExpired(error)) follower.forget();
      else follower.trouble(error);
      await backoff.wait(stop);
    }
  }
}

class Follower {
  readonly #connection: Connection;
  readonly #path: string;
  readonly #listener: KubeListener;
  readonly #signal: AbortSignal;
  readonly #backoff: Backoff;
  /** Where the watch goes on; empty: by listing. */
  #version = '';
  #troubled = false;
  /** What is there, by namespace and name. */
  #known = new Set<string>();

  constructor(connection: Connection, path: string, listener: KubeListener, signal: AbortSignal, backoff: Backoff) {
    this.#connection = connection;
    this.#path = path;
    this.#listener = listener;
    this.#signal = signal;
    this.#backoff = backoff;
  }

  forget(): void {
    this.#version = '';
  }

  trouble(error: unknown): void {
    this.#troubled = true;
    this.#listener.onProblem(error instanceof Error ? error : new Error(String(error)));
  }

  /** One listing, where it is needed, and one watch. */
  async follow(): Promise<void> {
    if (this.#version === '') await this.#list();
    const started = performance.now();
    await this.#watch();
    if (performance.now() - started < TOO_SHORT_MS) await this.#backoff.wait(this.#signal);
    else this.#backoff.reset();
  }

  async #list(): Promise<void> {
    const now = new Set<string>();
    let version = '';
    for await (const page of pages(this.#connection, this.#path, { signal: this.#signal, expired: 'throw' })) {
      version = page.resourceVersion;
      for (const item of page.items) {
        now.add(keyOf(item));
        this.#known.add(keyOf(item));
        this.#listener.onObject(item);
      }
    }
    for (const key of this.#known) if (!now.has(key)) this.#listener.onGone(goneObject(key));
    this.#known = now;
    this.#version = version;
    this.#backoff.reset();
    this.#troubled = false;
    this.#listener.onSynced();
  }

  async #watch(): Promise<void> {
    const timeoutSeconds = String(Math.round(WATCH_SECONDS.least + Math.random() * WATCH_SECONDS.spread));
    const query = { watch: '1', allowWatchBookmarks: 'true', resourceVersion: this.#version, timeoutSeconds };
    const stream = await this.#connection.stream(pathWithQuery(this.#path, query), this.#signal);
    if (this.#troubled) this.#listener.onSynced();
    this.#troubled = false;
    for await (const line of watchedLines(stream, EVENT_BOUNDS.maxBytes)) this.#take(line);
  }

  #take(line: Buffer): void {
    const { server } = this.#connection.access;
    const event = parseAnswer(line, server, EVENT_BOUNDS);
    const object = fieldOf(event, 'object');
    const type = textField(event, 'type');
    if (type === 'ERROR') {
      const code = fieldOf(object, 'code');
      const why = textField(object, 'message') ?? 'it gives no reason';
      throw new KubeError(typeof code === 'number' ? code : 0, `${server} ends the watch of ${this.#path}: ${why}`);
    }
    const version = textField(fieldOf(object, 'metadata'), 'resourceVersion');
    if (version === undefined) throw new KubeError(0, `${server} sends events without a version`);
    if (type === 'DELETED') {
      this.#known.delete(keyOf(object));
      this.#listener.onGone(object);
    } else if (type === 'ADDED' || type === 'MODIFIED') {
      this.#known.add(keyOf(object));
      this.#listener.onObject(object);
    }
    this.#version = version;
    this.#backoff.reset();
  }
}

/** No name holds a slash. */
function keyOf(object: unknown): string {
  const metadata = fieldOf(object, 'metadata');
  return `${textField(metadata, 'namespace') ?? ''}/${textField(metadata, 'name') ?? ''}`;
}

function goneObject(key: string): unknown {
  const [namespace = '', name = ''] = key.split('/');
  return { metadata: namespace === '' ? { name } : { namespace, name } };
}
