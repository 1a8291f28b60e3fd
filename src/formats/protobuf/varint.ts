import { AssayError } from '../../core/index.ts';

const TWO_32 = 2 ** 32;

/** Decodes numbers of up to 64 bits without a big integer for each. */
export class VarintReader {
  /** The low and high 32 bits of the last number, and the index behind it. */
  low = 0;
  high = 0;
  next = 0;

  /** Reads a number from index `from`, which ends before `stop`. @throws AssayError `truncated`, `malformed` */
  read(bytes: Uint8Array, from: number, stop: number): void {
    let low = 0;
    let high = 0;
    for (let i = 0; i < 10; i++) {
      const at = from + i;
      const byte = at < stop ? bytes[at] : undefined;
      if (byte === undefined) throw new AssayError('truncated', 'not a protobuf message: a number without an end');
      const bits = byte & 0x7f;
      if (i < 4) low += bits * 2 ** (7 * i);
      else if (i === 4) {
        low += (bits & 0x0f) * 2 ** 28;
        high = bits >>> 4;
      } else high += bits * 2 ** (7 * i - 32);
      if (byte < 0x80) {
        if (high >= TWO_32) break;
        this.low = low;
        this.high = high;
        this.next = at + 1;
        return;
      }
    }
    throw new AssayError('malformed', 'not a protobuf message: a number of more than 64 bits');
  }

  /** The number as a signed one. */
  int64(): bigint {
    return this.high === 0
      ? BigInt(this.low)
      : BigInt.asIntN(64, BigInt(this.high) * BigInt(TWO_32) + BigInt(this.low));
  }

  /** The number as a signed one, exactly. @returns undefined when it has more than 53 bits */
  integer(): number | undefined {
    if (this.high < 0x20_0000) return this.high * TWO_32 + this.low;
    // Negative numbers are as long as the largest ones.
    const value = (this.high - TWO_32) * TWO_32 + this.low;
    return this.high >= 0xffe0_0000 && Number.isSafeInteger(value) ? value : undefined;
  }
}
