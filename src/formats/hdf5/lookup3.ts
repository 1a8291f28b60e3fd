/** The checksum of HDF5 metadata: `hashlittle` of Bob Jenkins' lookup3, with the initial value 0. */
export function lookup3(bytes: Uint8Array): number {
  const view = new DataView(new ArrayBuffer(12));
  const word = (at: number, index: number): number => {
    for (let i = 0; i < 4; i++) view.setUint8(i, bytes[at + 4 * index + i] ?? 0);
    return view.getUint32(0, true);
  };
  let a = (0xdeadbeef + bytes.length) | 0;
  let [b, c] = [a, a];
  if (bytes.length === 0) return c >>> 0;
  let at = 0;
  for (; bytes.length - at > 12; at += 12) {
    a = (a + word(at, 0)) | 0;
    b = (b + word(at, 1)) | 0;
    c = (c + word(at, 2)) | 0;
    a = (a - c) ^ rotated(c, 4);
    c = (c + b) | 0;
    b = (b - a) ^ rotated(a, 6);
    a = (a + c) | 0;
    c = (c - b) ^ rotated(b, 8);
    b = (b + a) | 0;
    a = (a - c) ^ rotated(c, 16);
    c = (c + b) | 0;
    b = (b - a) ^ rotated(a, 19);
    a = (a + c) | 0;
    c = (c - b) ^ rotated(b, 4);
    b = (b + a) | 0;
  }
  a = (a + word(at, 0)) | 0;
  b = (b + word(at, 1)) | 0;
  c = (c + word(at, 2)) | 0;
  c = ((c ^ b) - rotated(b, 14)) | 0;
  a = ((a ^ c) - rotated(c, 11)) | 0;
  b = ((b ^ a) - rotated(a, 25)) | 0;
  c = ((c ^ b) - rotated(b, 16)) | 0;
  a = ((a ^ c) - rotated(c, 4)) | 0;
  b = ((b ^ a) - rotated(a, 14)) | 0;
  c = ((c ^ b) - rotated(b, 24)) | 0;
  return c >>> 0;
}

function rotated(value: number, by: number): number {
  return (value << by) | (value >>> (32 - by));
}
