import type { TokenTable } from './token-rows.ts';

/** Which rows of one label have each token. */
export interface ClassIndex {
  /** The rows with token t are `rows[starts[t]]` up to `rows[starts[t + 1]]`. */
  readonly starts: Uint32Array;
  readonly rows: Uint32Array;
}

export function classIndex({ starts, ids, counts }: TokenTable, rows: Uint32Array): ClassIndex {
  const own = new Uint32Array(counts.length + 1);
  const each = (take: (id: number, row: number) => void): void => {
    for (const row of rows) for (let at = starts[row] ?? 0; at < (starts[row + 1] ?? 0); at++) take(ids[at] ?? 0, row);
  };
  each((id) => {
    own[id + 1] = (own[id + 1] ?? 0) + 1;
  });
  for (let id = 0; id < counts.length; id++) own[id + 1] = (own[id + 1] ?? 0) + (own[id] ?? 0);
  const next = own.slice();
  const listed = new Uint32Array(own.at(-1) ?? 0);
  each((id, row) => {
    const place = next[id] ?? 0;
    listed[place] = row;
    next[id] = place + 1;
  });
  return { starts: own, rows: listed };
}
