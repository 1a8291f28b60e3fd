import { type KubeClient, type ObjectPlace, raiseConfigMapFloor, readConfigMapFloor } from '../kube/index.ts';
import { feedProblemOf } from './problem.ts';
import type { StateFolder } from './state-folder.ts';

/** How long the API server is waited for. */
const WAIT_MS = 5_000;

/** A ConfigMap that keeps the floor for all replicas, and for one that lost its disk. */
export interface SharedFloor {
  readonly kube: KubeClient;
  readonly place: ObjectPlace;
}

/** The highest version that was ever seen, wherever that is kept: it only rises. */
export class Floor {
  readonly #shared: SharedFloor | null;
  readonly #state: StateFolder;
  #version = 0;
  /** What the ConfigMap is known to hold. */
  #kept = 0;
  #diskProblem: string | null = null;
  #sharedProblem: string | null = null;

  constructor(state: StateFolder, shared: SharedFloor | null) {
    this.#state = state;
    this.#shared = shared;
  }

  get version(): number {
    return this.#version;
  }

  /** Why it may be higher than is known here; `null` while it is known. */
  get problem(): string | null {
    return this.#sharedProblem ?? this.#diskProblem;
  }

  /** Reads what is kept. What cannot be read is told by `problem`. */
  async read(signal: AbortSignal): Promise<void> {
    try {
      this.#version = Math.max(this.#version, await this.#state.readFloor());
      this.#diskProblem = null;
    } catch (error) {
      this.#diskProblem = `the floor cannot be read: ${feedProblemOf(error)}`;
    }
    await this.#ask(signal, ({ kube, place }, within) => readConfigMapFloor(kube, place, within));
  }

  /** What somebody else keeps meanwhile counts, too: afterwards, `version` may be higher than this one. */
  async raise(version: number, signal: AbortSignal): Promise<void> {
    if (version > this.#kept || this.#sharedProblem !== null) {
      await this.#ask(signal, ({ kube, place }, within) => raiseConfigMapFloor(kube, place, version, within));
    }
    const highest = Math.max(version, this.#version);
    if (highest === this.#version && this.#diskProblem === null) return;
    this.#version = highest;
    try {
      await this.#state.keepFloor(highest);
      this.#diskProblem = null;
    } catch (error) {
      this.#diskProblem = `the floor cannot be stored: ${feedProblemOf(error)}`;
    }
  }

  async #ask(signal: AbortSignal, ask: (shared: SharedFloor, within: AbortSignal) => Promise<number>): Promise<void> {
    const shared = this.#shared;
    if (shared === null) return;
    try {
      this.#kept = await ask(shared, AbortSignal.any([signal, AbortSignal.timeout(WAIT_MS)]));
      this.#version = Math.max(this.#version, this.#kept);
      this.#sharedProblem = null;
    } catch (error) {
      this.#sharedProblem = `the floor cannot be fetched: ${feedProblemOf(error)}`;
    }
  }
}
