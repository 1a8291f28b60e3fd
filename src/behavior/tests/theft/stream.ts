import { setImmediate as yieldToEventLoop } from 'node:timers/promises';
import { throwIfAborted } from '../../../core/index.ts';
import type { Label } from '../predictions.ts';
import type { Client } from './clients.ts';
import type { Distances } from './distances.ts';
import type { Natural } from './natural.ts';
import { type Look, StreamWatch } from './prada.ts';

export interface StreamOptions {
  readonly distances: Distances;
  /** What the model answers each query. */
  readonly labels: readonly Label[];
  readonly natural: Natural | undefined;
  readonly normality: number;
  readonly far: number;
  readonly least: number;
}

/** What the queries of a client look like. */
export interface Stream {
  readonly client: Client;
  /** Why they look like an extraction, and from which query on, counted from 1. */
  readonly reasons: readonly { readonly query: number; readonly why: string }[];
  readonly looks: readonly Look[];
  /** Whether there were enough of them. */
  readonly isJudged: boolean;
  /** The share of queries that are far from natural ones; 0 where none are known. */
  readonly farShare: number;
}

/** Queries before a share of them tells something. */
const LEAST_FAR = 20;
const TURN = 256;

/** Watches the queries of a client. @throws AssayError `aborted` */
export async function watched(
  client: Client,
  { distances, labels, natural, normality, far, least }: StreamOptions,
  signal: AbortSignal | undefined,
): Promise<Stream> {
  const watch = new StreamWatch(distances, least);
  let [away, farFrom] = [0, 0];
  for (const [at, query] of client.queries.entries()) {
    if (at % TURN === TURN - 1) {
      await yieldToEventLoop();
      throwIfAborted(signal);
    }
    if (!watch.see(query, labels[query] ?? '')) break;
    if (natural === undefined) continue;
    const nearest = distances.nearest(query, placesOf(natural), natural.rows);
    if (nearest === undefined) break;
    if (nearest > natural.far) away++;
    if (farFrom === 0 && at + 1 >= LEAST_FAR && away > far * (at + 1)) farFrom = at + 1;
  }
  const alarm = watch.alarm(normality);
  const reasons = [
    ...(alarm === undefined
      ? []
      : [{ query: alarm.queries, why: `distances between queries are not natural (W ${alarm.w.toFixed(3)})` }]),
    ...(farFrom === 0
      ? []
      : [{ query: farFrom, why: `more than ${percent(far)} of the queries are far from natural rows` }]),
  ];
  const enough = natural !== undefined && client.queries.length >= LEAST_FAR;
  return {
    client,
    reasons,
    looks: watch.looks,
    isJudged: watch.isJudged || enough,
    farShare: client.queries.length < LEAST_FAR ? 0 : away / client.queries.length,
  };
}

function* placesOf({ rows }: Natural): Generator<number> {
  for (let place = 0; place < rows.rows; place++) yield place;
}

function percent(share: number): string {
  return `${Number((100 * share).toPrecision(3))} %`;
}
