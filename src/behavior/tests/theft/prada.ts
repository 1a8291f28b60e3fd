import { SHAPIRO_MOST, shapiroWilk } from '../../../core/statistics/index.ts';
import type { Distances } from './distances.ts';

/** Distances that are looked at by themselves: those that are further off hide the rest. */
const SIGMAS = 3;
/** Between two looks, at least, and as a share of the distances. */
const STEP = { least: 10, share: 0.02 };

/** What is kept of the queries of a class: those that were new, and how new they were. */
interface GrowingSet {
  readonly queries: number[];
  sum: number;
  squares: number;
  threshold: number;
}

/** Looks of a watch at what it saw. */
export interface Look {
  /** Queries so far. */
  readonly queries: number;
  /** The statistic of Shapiro and Wilk of the distances. */
  readonly w: number;
}

/**
 * The detector PRADA (Juuti et al. 2019) of one stream of queries: the distance of each query to the nearest earlier one of its class has
 * about a normal distribution among natural queries, and another among queries that are made from one another. Repeated queries count
 * once.
 */
export class StreamWatch {
  readonly looks: Look[] = [];
  readonly #distances: Distances;
  readonly #least: number;
  readonly #classes = new Map<string | bigint, GrowingSet>();
  readonly #nearest: number[] = [];
  #queries = 0;
  #next: number;

  /** @param least distances before the first look */
  constructor(distances: Distances, least: number) {
    this.#distances = distances;
    this.#least = least;
    this.#next = least + 1;
  }

  /** @returns whether the query could be looked at: not where all work that is allowed was done */
  see(query: number, label: string | bigint): boolean {
    this.#queries++;
    const known = this.#classes.get(label);
    if (known === undefined) {
      this.#classes.set(label, { queries: [query], sum: 0, squares: 0, threshold: 0 });
      return true;
    }
    const nearest = this.#distances.nearest(query, known.queries);
    if (nearest === undefined) return false;
    if (nearest === 0) return true;
    this.#nearest.push(nearest);
    if (nearest > known.threshold) grow(known, query, nearest);
    if (this.#nearest.length >= this.#next) this.#look();
    return true;
  }

  /** The first look at which the distances were less normal than is asked. */
  alarm(normality: number): Look | undefined {
    return this.looks.find(({ w }) => w < normality);
  }

  /** Distances that were seen, of those that a first look needs. */
  get isJudged(): boolean {
    return this.#nearest.length > this.#least;
  }

  #look(): void {
    const seen = this.#nearest.slice(-SHAPIRO_MOST);
    this.#next = this.#nearest.length + Math.max(STEP.least, Math.floor(STEP.share * this.#nearest.length));
    const mean = seen.reduce((sum, one) => sum + one, 0) / seen.length;
    const sigma = Math.sqrt(seen.reduce((sum, one) => sum + (one - mean) ** 2, 0) / seen.length);
    const kept = seen.filter((one) => Math.abs(one - mean) <= SIGMAS * sigma);
    const w = shapiroWilk(Float64Array.from(kept));
    // Equal distances are as far from normal as can be.
    this.looks.push({ queries: this.#queries, w: Number.isNaN(w) ? 0 : w });
  }
}

/** Its first query has the distance 0. */
function grow(set: GrowingSet, query: number, nearest: number): void {
  set.queries.push(query);
  set.sum += nearest;
  set.squares += nearest * nearest;
  const count = set.queries.length;
  const mean = set.sum / count;
  set.threshold = Math.max(set.threshold, mean - Math.sqrt(Math.max(0, set.squares / count - mean * mean)));
}
