import type { Socket } from 'node:net';

interface Held {
  readonly socket: Socket;
  readonly source: string;
  /** Requests that are being answered. */
  busy: number;
  /** It has asked something. */
  hasAsked: boolean;
}

export interface ConnectionBounds {
  readonly maxConnections: number;
  /** Of one address: an API server opens few connections and keeps them. */
  readonly maxPerSource: number;
}

/**
 * Connections by where they come from. Where there are too many, an idle one goes before one that is being answered: first those that
 * never asked anything, the oldest of them, from the source with the most.
 */
export class ConnectionTable {
  readonly #bounds: ConnectionBounds;
  /** By the address and port of the other end, the oldest first. */
  readonly #held = new Map<string, Held>();
  readonly #perSource = new Map<string, number>();

  constructor(bounds: ConnectionBounds) {
    this.#bounds = bounds;
  }

  get size(): number {
    return this.#held.size;
  }

  /** Takes a new connection, in the place of an idle one where there are too many; or ends it. */
  take(socket: Socket): void {
    const source = socket.remoteAddress;
    const key = keyOf(socket);
    // It has ended already.
    if (source === undefined || key === undefined) {
      socket.destroy();
      return;
    }
    // Of a port that is used again before its end was told.
    const known = this.#held.get(key);
    if (known !== undefined) this.#forget(key, known.socket);
    const own = this.#perSource.get(source) ?? 0;
    if (own >= this.#bounds.maxPerSource && !this.#drop((one) => one.source === source)) {
      socket.destroy();
      return;
    }
    if (this.#held.size >= this.#bounds.maxConnections && !this.#drop(() => true)) {
      socket.destroy();
      return;
    }
    this.#held.set(key, { socket, source, busy: 0, hasAsked: false });
    this.#perSource.set(source, (this.#perSource.get(source) ?? 0) + 1);
    socket.once('close', () => this.#forget(key, socket));
  }

  /** A request begins. @returns what to call once it is answered */
  begin(socket: Socket): () => void {
    const held = this.#held.get(keyOf(socket) ?? '');
    if (held === undefined) return () => {};
    held.busy++;
    held.hasAsked = true;
    return () => void held.busy--;
  }

  /** Ends an idle connection of those that are meant. @returns whether there was one */
  #drop(isMeant: (one: Held) => boolean): boolean {
    let worst: readonly [string, Held] | undefined;
    for (const [key, one] of this.#held) {
      if (one.busy > 0 || !isMeant(one)) continue;
      if (worst === undefined || this.#isWorse(one, worst[1])) worst = [key, one];
    }
    if (worst === undefined) return false;
    const [key, { socket }] = worst;
    this.#forget(key, socket);
    socket.destroy();
    return true;
  }

  #isWorse(one: Held, other: Held): boolean {
    if (one.hasAsked !== other.hasAsked) return !one.hasAsked;
    return (this.#perSource.get(one.source) ?? 0) > (this.#perSource.get(other.source) ?? 0);
  }

  #forget(key: string, socket: Socket): void {
    const held = this.#held.get(key);
    if (held?.socket !== socket) return;
    this.#held.delete(key);
    const left = (this.#perSource.get(held.source) ?? 1) - 1;
    if (left === 0) this.#perSource.delete(held.source);
    else this.#perSource.set(held.source, left);
  }
}

/** The same for a connection, and for TLS upon it. */
function keyOf({ remoteAddress, remotePort }: Socket): string | undefined {
  return remoteAddress === undefined ? undefined : `${remoteAddress} ${remotePort}`;
}
