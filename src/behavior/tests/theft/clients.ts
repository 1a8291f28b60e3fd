import { AssayError, quotedName } from '../../../core/index.ts';
import type { PlainArray } from '../../../formats/arrays/index.ts';
import type { TestData } from '../kind.ts';

/** The queries of a client, as rows of the log, in the order of their times. */
export interface Client {
  /** As the log has it; `undefined` for all clients together, because queries may be spread over clients. */
  readonly name: string | undefined;
  readonly queries: readonly number[];
}

/**
 * The clients of a log, and before several of them all together, by its columns `client` and `time`.
 * @throws AssayError `usage` for columns that are missing, or do not hold one name or time for each query
 */
export function clientsOf({ name: data, columns, feeds }: TestData): readonly Client[] {
  const [client, time] = ['client', 'time'].map((column) => {
    const array = columns?.get(column);
    if (array === undefined)
      throw new AssayError('usage', `the data ${quotedName(data)} has no column ${quotedName(column)}`, {
        hint: 'name the columns of the log: columns: { client: log.jsonl#client, time: log.jsonl#time }',
      });
    if (array.dims.length === 1 && array.dims[0] === feeds.rows) return array;
    throw new AssayError(
      'usage',
      `the column ${quotedName(column)} of ${quotedName(data)} has the shape [${array.dims.join(', ')}], and [${feeds.rows}] is needed`,
    );
  });
  if (client === undefined || time === undefined) throw new AssayError('internal', 'a column is missing');
  const times = timesOf(time, data);
  const order = Array.from(times.keys()).sort((a, b) => (times[a] ?? 0) - (times[b] ?? 0) || a - b);
  const found = new Map<string, number[]>();
  for (const row of order) {
    const name = String(client.values[row]);
    const queries = found.get(name);
    if (queries === undefined) found.set(name, [row]);
    else queries.push(row);
  }
  const clients = [...found].map(([name, queries]) => ({ name, queries }));
  return clients.length < 2 ? clients : [{ name: undefined, queries: order }, ...clients];
}

/** Numbers as they are, and texts as dates. */
function timesOf(time: PlainArray, data: string): Float64Array {
  const times =
    time.kind === 'texts' ? Float64Array.from(time.values, Date.parse) : Float64Array.from(time.values, Number);
  const wrong = times.findIndex((one) => !Number.isFinite(one));
  if (wrong < 0) return times;
  throw new AssayError('usage', `row ${wrong} of ${quotedName(data)} has a time that is not one`, {
    hint: 'give numbers, or dates such as 2026-01-31T12:00:00Z',
  });
}
