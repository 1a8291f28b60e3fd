/** Characters of the shortest run that is looked at. */
const MIN_RUN = 40;
/** Characters of the alphabets of base64, base85 and the encodings that have fewer. */
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!#$%&()*+-;<=>?@^_`{|}~/';

const IN_RUN = new Uint8Array(256);
for (const one of ALPHABET) IN_RUN[one.charCodeAt(0)] = 1;

/** Characters of the shortest text in bytes that is looked at, and those that stand in texts: printable ASCII and white space. */
const MIN_TEXT = 7;
const IN_TEXT = new Uint8Array(256).fill(1, 0x20, 0x7f);
for (const one of '\t\r\n') IN_TEXT[one.charCodeAt(0)] = 1;

type OnRun = (start: number, end: number) => void;

/** Calls back for each run of such characters that begins in `[from, to)`; most steps look at few of forty characters. */
export function longRuns(bytes: Uint8Array, from: number, to: number, onRun: OnRun): void {
  // A run that began before belongs to what was searched before.
  const start = from > 0 && IN_RUN[bytes[from - 1] ?? 0] === 1 ? endOfRun(bytes, from, IN_RUN) : from;
  eachRun(bytes, start, to, { table: IN_RUN, min: MIN_RUN }, onRun);
}

/** Calls back for each text in `[from, to)` of binary data: most of it is passed over. */
export function textsIn(bytes: Uint8Array, from: number, to: number, onRun: OnRun): void {
  eachRun(bytes, from, to, { table: IN_TEXT, min: MIN_TEXT }, onRun);
}

function eachRun(
  bytes: Uint8Array,
  from: number,
  to: number,
  { table, min }: { readonly table: Uint8Array; readonly min: number },
  onRun: OnRun,
): void {
  let start = from;
  while (start < to && start + min <= bytes.length) {
    let at = start + min - 1;
    while (at >= start && table[bytes[at] ?? 0] === 1) at--;
    if (at >= start) {
      start = at + 1;
      continue;
    }
    const end = endOfRun(bytes, start + min, table);
    onRun(start, end);
    start = end + 1;
  }
}

function endOfRun(bytes: Uint8Array, from: number, table: Uint8Array): number {
  let end = from;
  while (end < bytes.length && table[bytes[end] ?? 0] === 1) end++;
  return end;
}
