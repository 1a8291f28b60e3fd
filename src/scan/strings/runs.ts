/** Characters of the shortest run that is looked at. */
const MIN_RUN = 40;
/** Characters of the alphabets of base64, base85 and the encodings that have fewer. */
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!#$%&()*+-;<=>?@^_`{|}~/';

const IN_RUN = new Uint8Array(256);
for (const one of ALPHABET) IN_RUN[one.charCodeAt(0)] = 1;

/** Calls back for each run of such characters that begins in `[from, to)`; most steps look at few of forty characters. */
export function longRuns(
  bytes: Uint8Array,
  from: number,
  to: number,
  onRun: (start: number, end: number) => void,
): void {
  let start = from;
  // A run that began before belongs to what was searched before.
  if (from > 0 && IN_RUN[bytes[from - 1] ?? 0] === 1) start = endOfRun(bytes, from);
  while (start < to && start + MIN_RUN <= bytes.length) {
    let at = start + MIN_RUN - 1;
    while (at >= start && IN_RUN[bytes[at] ?? 0] === 1) at--;
    if (at >= start) {
      start = at + 1;
      continue;
    }
    const end = endOfRun(bytes, start + MIN_RUN);
    onRun(start, end);
    start = end + 1;
  }
}

function endOfRun(bytes: Uint8Array, from: number): number {
  let end = from;
  while (end < bytes.length && IN_RUN[bytes[end] ?? 0] === 1) end++;
  return end;
}
