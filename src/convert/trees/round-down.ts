const floats = new Float32Array(1);
const bits = new Int32Array(floats.buffer);

/** The highest number of 32 bits that is not above another: for numbers of 32 bits, both are the same bound. */
export function floatAtMost(value: number): number {
  const nearest = Math.fround(value);
  if (!(nearest > value)) return nearest;
  floats[0] = nearest;
  // A number just below zero rounds to it.
  if (nearest === 0) return -(2 ** -149);
  bits[0] = (bits[0] ?? 0) + (nearest > 0 ? -1 : 1);
  return floats[0];
}
