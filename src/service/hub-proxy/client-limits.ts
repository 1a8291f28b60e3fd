import { sleep } from '../../core/index.ts';
import type { HandOutConfig } from '../config.ts';
import { ServiceError } from '../problems/index.ts';

const MINUTE_MS = 60_000;
/** CWE-770: requests of one client that wait for a place. */
const MAX_WAITING = 1_000;
/** Clients that are remembered; what one has read in the last minute goes with the oldest. */
const MAX_CLIENTS = 10_000;

/** What one client reads: all that share a token are one client. */
interface Client {
  running: number;
  readonly waiting: (() => void)[];
  /** The time at which what was read so far is paid for, by the clock of the process. */
  paidUntil: number;
}

export interface ClientClock {
  readonly now: () => number;
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<unknown>;
}

/**
 * The Hub proxy limits how much a client reads at a time and in a minute, not how many requests it sends: a model of many small files is
 * one download to its user. Whoever reads more waits, and is not refused, since clients of the Hub do not ask again after 429.
 */
export class ClientLimits {
  readonly #atOnce: number;
  readonly #bytesPerMs: number;
  readonly #clock: ClientClock;
  readonly #clients = new Map<string, Client>();

  constructor(
    { clientRequests, clientBytesPerMinute }: Pick<HandOutConfig, 'clientRequests' | 'clientBytesPerMinute'>,
    clock: ClientClock = { now: () => performance.now(), sleep },
  ) {
    this.#atOnce = clientRequests;
    this.#bytesPerMs = clientBytesPerMinute / MINUTE_MS;
    this.#clock = clock;
  }

  /**
   * Waits for a place, and until the client may read so many bytes more: a minute's worth at once, then as they are paid for.
   * @returns what gives the place back
   * @throws ServiceError `too-many-requests` when too many of the client wait already; the reason of `signal`
   */
  async enter(key: string, bytes: number, signal: AbortSignal): Promise<() => void> {
    const client = this.#clientOf(key);
    const leave = await this.#place(client, signal);
    try {
      const now = this.#clock.now();
      const from = Math.max(client.paidUntil, now);
      client.paidUntil = from + bytes / this.#bytesPerMs;
      const wait = from - MINUTE_MS - now;
      if (wait > 0) await this.#clock.sleep(wait, signal);
      signal.throwIfAborted();
      return leave;
    } catch (error) {
      leave();
      throw error;
    }
  }

  async #place(client: Client, signal: AbortSignal): Promise<() => void> {
    signal.throwIfAborted();
    if (client.running < this.#atOnce) client.running++;
    else if (client.waiting.length >= MAX_WAITING)
      throw new ServiceError(429, 'too-many-requests', `this token has ${MAX_WAITING} downloads that wait`);
    else await turnOf(client, signal);
    let isOver = false;
    return () => {
      if (isOver) return;
      isOver = true;
      const next = client.waiting.shift();
      if (next === undefined) client.running--;
      else next();
    };
  }

  #clientOf(key: string): Client {
    const client = this.#clients.get(key) ?? { running: 0, waiting: [], paidUntil: Number.NEGATIVE_INFINITY };
    this.#clients.delete(key);
    this.#clients.set(key, client);
    for (const [oldest, { running }] of this.#clients) {
      if (this.#clients.size <= MAX_CLIENTS) break;
      if (running === 0) this.#clients.delete(oldest);
    }
    return client;
  }
}

/** The one who leaves hands the place over. */
async function turnOf({ waiting }: Client, signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const leave = () => {
      waiting.splice(waiting.indexOf(take), 1);
      reject(signal.reason);
    };
    const take = () => {
      signal.removeEventListener('abort', leave);
      resolve();
    };
    signal.addEventListener('abort', leave, { once: true });
    waiting.push(take);
  });
}
