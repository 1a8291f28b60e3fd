import { AssayError, type FileBudget } from '../../core/index.ts';

const UNIT = 4;
/** The last byte of a position is the label of a step: units come in blocks of all labels. */
const BLOCK = 256;

/**
 * Proves that a double-array trie (Darts-clone) keeps every search within its units: for any text, native code adds and follows
 * offsets without a check. Each value must be an offset in the `texts` that follow, and a text must end there.
 * @throws AssayError `malformed`
 */
export function checkTrie(units: DataView, texts: Uint8Array, budget: FileBudget): void {
  const count = units.byteLength / UNIT;
  if (count === 0 || count % BLOCK !== 0) throw bad(`${units.byteLength} bytes of units`);
  const lastEnd = texts.lastIndexOf(0);
  budget.hold(count * 5);
  try {
    const met = new Uint8Array(count);
    const open = new Int32Array(count);
    let size = 1;
    met[0] = 1;
    while (size > 0) {
      const at = open[--size] ?? 0;
      budget.work(BLOCK);
      const unit = units.getUint32(at * UNIT, true);
      const base = (at ^ offsetOf(unit)) >>> 0;
      if (base >= count) throw bad(`unit ${at} leads to unit index ${base}, but there are ${count} units`);
      if (hasValue(unit)) checkValue(units.getUint32(base * UNIT, true), lastEnd);
      for (let label = 0; label < BLOCK; label++) {
        // Blocks are whole, so a step never leaves the one that its unit leads to.
        const next = (base ^ label) >>> 0;
        if (met[next] === 1 || labelOf(units.getUint32(next * UNIT, true)) !== label) continue;
        met[next] = 1;
        open[size++] = next;
      }
    }
  } finally {
    budget.release(count * 5);
  }
}

/** Darts-clone: 22 bits, or 14 with eight zeros behind them. */
function offsetOf(unit: number): number {
  return (unit >>> 10) << ((unit & 0x200) >>> 6);
}

function hasValue(unit: number): boolean {
  return (unit & 0x100) !== 0;
}

/** A value is not a step: its first bit is set. */
function labelOf(unit: number): number {
  return (unit & 0x800000ff) >>> 0;
}

function checkValue(unit: number, lastEnd: number): void {
  const value = unit & 0x7fffffff;
  if (value > lastEnd) throw bad(`a value of ${value}, but the last text ends at ${lastEnd}`);
}

function bad(what: string): AssayError {
  return new AssayError('malformed', `not a trie of characters: ${what}`);
}
