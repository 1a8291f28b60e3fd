import { AssayError, isAssayError } from '../../../src/core/index.ts';
import { isSnapshotError, loadPacked, type PackedIndex, SnapshotError } from '../../../src/snapshot/index.ts';
import type { SnapshotFeed } from '../feed.ts';
import type { FeedHealth } from '../health.ts';
import { Backoff, byTheClock, type Wait } from '../kube/index.ts';
import type { HeldSnapshot } from '../state.ts';
import { Floor, type SharedFloor } from './floor.ts';
import { feedProblemOf } from './problem.ts';
import type { SnapshotSource } from './source.ts';
import { openStateFolder, type StateFolder } from './state-folder.ts';
import { readSnapshotTrust, trustMark } from './trust.ts';

export interface FeedOptions {
  readonly source: SnapshotSource;
  /** File: the public key of who signs snapshots, or a trust file. Read again each time. */
  readonly key: string;
  /** Whose decisions; `null`: any that the key signs. */
  readonly tenant: string | null;
  /** Folder of the last good one and the floor; `null`: nothing outlasts a restart. */
  readonly state: string | null;
  /** Keeps the floor for all replicas. */
  readonly floor: SharedFloor | null;
  /** Nothing is taken while it is not known how far the floor was raised. */
  readonly requireFloor: boolean;
  readonly pollSeconds: number;
  readonly now?: () => Date;
  /** In place of the clock: between two questions, twice. */
  readonly wait?: Wait;
}

/** A nudge, or a file that changes all the time, never makes it ask more often. */
const REST_MS = 250;
const MOST_POLL_MS = 10 * 60_000;

/**
 * Opens the last good snapshot of the state folder, which is used at once, or else waits for the first answer of the source;
 * then keeps the newest that is believed. One that is broken, unsigned, of another tenant or older than one that was seen never
 * replaces a good one: `health` says why.
 * @throws AssayError `usage` for a state folder that cannot be used; `unreadable` for a required floor that cannot be read
 */
export async function startFeed(options: FeedOptions): Promise<SnapshotFeed> {
  const state = await openStateFolder(options.state);
  const feed = new Feed(options, state);
  try {
    await feed.start();
    return feed;
  } catch (error) {
    await feed.close();
    throw error;
  }
}

class Feed implements SnapshotFeed {
  readonly #options: FeedOptions;
  readonly #state: StateFolder;
  readonly #floor: Floor;
  readonly #stop = new AbortController();
  readonly #listeners: ((held: HeldSnapshot) => void)[] = [];
  readonly #backoff: Backoff;
  readonly #wait: Wait;
  #held: HeldSnapshot = { kind: 'none', why: 'none was received yet' };
  #index: PackedIndex | undefined;
  #lastTried: Date | null = null;
  #lastGood: Date | null = null;
  #problem: string | null = null;
  /** What was judged last, under which keys, and what was said of it. */
  #judged: { readonly mark: string; readonly trust: string; readonly problem: string | null } | undefined;
  #nudged = new AbortController();
  #running: Promise<void> = Promise.resolve();

  constructor(options: FeedOptions, state: StateFolder) {
    this.#options = options;
    this.#state = state;
    this.#floor = new Floor(state, options.floor);
    const pollMs = options.pollSeconds * 1000;
    this.#wait = options.wait ?? byTheClock;
    this.#backoff = new Backoff({ firstMs: pollMs, mostMs: Math.max(pollMs, MOST_POLL_MS), wait: this.#wait });
  }

  held(): HeldSnapshot {
    return this.#held;
  }

  health(): FeedHealth {
    const problems = [this.#problem, this.#ended(), this.#floor.problem].filter((one) => one !== null);
    return {
      from: this.#options.source.from,
      lastTried: this.#lastTried,
      lastGood: this.#lastGood,
      problem: problems.length === 0 ? null : problems.join('; '),
      floor: this.#floor.version,
    };
  }

  onChange(listener: (held: HeldSnapshot) => void): void {
    this.#listeners.push(listener);
  }

  async start(): Promise<void> {
    await this.#floor.read(this.#stop.signal);
    if (this.#options.requireFloor && this.#floor.problem !== null) {
      throw new AssayError('unreadable', this.#floor.problem, { hint: 'correct it, or leave out --require-floor' });
    }
    await this.#openKept();
    if (this.#held.kind === 'none') await this.#refresh();
    this.#running = this.#run(this.#held.kind === 'held' && this.#lastTried === null);
    this.#options.source.watch(() => this.#nudged.abort(), this.#stop.signal);
  }

  async close(): Promise<void> {
    this.#stop.abort(new Error('the feed is closed'));
    await this.#running;
    await this.#state.close();
  }

  async #run(atOnce: boolean): Promise<void> {
    for (let first = atOnce; !this.#stop.signal.aborted; first = false) {
      if (!first) await this.#pause();
      if (!this.#stop.signal.aborted) await this.#refresh();
    }
  }

  /** Until the clock or a nudge; longer each time while the source gives nothing good. */
  async #pause(): Promise<void> {
    if (this.#problem === null) this.#backoff.reset();
    await this.#wait(REST_MS, this.#stop.signal);
    await this.#backoff.wait(AbortSignal.any([this.#stop.signal, this.#nudged.signal]));
    if (this.#nudged.signal.aborted) this.#nudged = new AbortController();
  }

  /** The last good one: verified again, since a disk is not believed more than a source. */
  async #openKept(): Promise<void> {
    try {
      const index = await this.#load(this.#state.snapshot);
      this.#hold(index, `${this.#state.snapshot}, from the state folder`);
    } catch (error) {
      if (isAssayError(error) && error.code === 'not-found') return;
      this.#problem = `the stored snapshot: ${feedProblemOf(error)}`;
    }
  }

  async #refresh(): Promise<void> {
    const path = this.#state.incoming();
    this.#lastTried = this.#now();
    try {
      await this.#take(path);
    } catch (error) {
      if (this.#stop.signal.aborted) return;
      this.#fail(feedProblemOf(error));
    } finally {
      await this.#state.discard(path);
    }
  }

  async #take(path: string): Promise<void> {
    const { source, key } = this.#options;
    const { signal } = this.#stop;
    const trust = trustMark(await readSnapshotTrust(key), this.#now());
    const known = this.#judged?.trust === trust ? this.#judged.mark : null;
    const fetched = await source.fetch(known, path, signal);
    if (fetched.kind === 'unchanged') {
      // Comment of it still holds.
      this.#problem = this.#judged?.problem ?? null;
      if (this.#problem === null) this.#lastGood = this.#now();
      if (this.#held.kind === 'held') await this.#floor.raise(this.#held.index.meta.version, signal);
      return;
    }
    this.#judged = undefined;
    try {
      const index = await this.#load(path);
      await this.#raiseFor(index);
      await this.#state.keep(path);
      this.#hold(index, source.from);
      this.#problem = null;
      this.#lastGood = this.#now();
    } catch (error) {
      if (isSnapshotError(error)) this.#remember(fetched.mark, trust, feedProblemOf(error));
      throw error;
    }
    this.#remember(fetched.mark, trust, null);
  }

  /** Before it is believed: what was answered from is never forgotten. */
  async #raiseFor({ meta: { version } }: PackedIndex): Promise<void> {
    await this.#floor.raise(version, this.#stop.signal);
    if (this.#options.requireFloor && this.#floor.problem !== null) {
      throw new AssayError('unreadable', 'it is not accepted while the floor cannot be raised');
    }
    if (version < this.#floor.version) {
      const seen = this.#floor.version;
      throw new SnapshotError('rollback', `the snapshot has version ${version}, which is older than ${seen}`);
    }
  }

  async #load(path: string): Promise<PackedIndex> {
    const { tenant, key } = this.#options;
    return loadPacked(path, {
      trust: await readSnapshotTrust(key),
      now: this.#now(),
      minVersion: this.#floor.version,
      signal: this.#stop.signal,
      ...(tenant === null ? {} : { tenant }),
    });
  }

  /** The one before goes at once: a hundred thousand decisions would wait for the collector of garbage, several times. */
  #hold(index: PackedIndex, from: string): void {
    this.#index?.release();
    this.#index = index;
    this.#held = { kind: 'held', index, loadedAt: this.#now(), from };
    for (const listener of this.#listeners) listener(this.#held);
  }

  #fail(problem: string): void {
    this.#problem = problem;
    if (this.#held.kind === 'none') this.#held = { kind: 'none', why: problem };
  }

  #remember(mark: string | null, trust: string, problem: string | null): void {
    this.#judged = mark === null ? undefined : { mark, trust, problem };
  }

  #ended(): string | null {
    if (this.#held.kind === 'none' || !this.#held.index.isExpired(this.#now())) return null;
    return `the snapshot expired at ${this.#held.index.meta.expires}`;
  }

  #now(): Date {
    return this.#options.now?.() ?? new Date();
  }
}
