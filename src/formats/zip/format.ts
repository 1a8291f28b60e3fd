import { type Format, type Probe, startsWith } from '../format.ts';

const END = [0x50, 0x4b, 5, 6];
const END_BYTES = Buffer.from(END);

/** A zip is told by its first local header or, behind bytes of something else, by an end record in the last bytes. */
export const ZIP: Format = {
  id: 'zip',
  title: 'zip archive',
  extensions: ['.zip', '.npz', '.keras', '.skops', '.nemo', '.jar', '.whl', '.mar'],
  identify({ head, tail, size }: Probe): boolean {
    if (startsWith(head, [0x50, 0x4b, 3, 4]) || startsWith(head, END)) return true;
    const bytes = Buffer.from(tail.buffer, tail.byteOffset, tail.length);
    for (let at = bytes.lastIndexOf(END_BYTES); at >= 0; at = bytes.lastIndexOf(END_BYTES, at - 1)) {
      if (plausibleEnd(tail, at, size - tail.length)) return true;
      if (at === 0) return false;
    }
    return false;
  },
};

/** The end record must fit, and put its directory before itself. */
function plausibleEnd(tail: Uint8Array, at: number, base: number): boolean {
  if (at + 22 > tail.length) return false;
  const view = new DataView(tail.buffer, tail.byteOffset + at, 22);
  const directorySize = view.getUint32(12, true);
  return at + 22 + view.getUint16(20, true) <= tail.length && directorySize <= base + at && view.getUint16(8, true) > 0;
}
