import { constants, inflateSync } from 'node:zlib';
import type { Format, Probe } from '../format.ts';
import { magicFormat, u32le } from '../magic.ts';

export const GZIP = magicFormat('gzip', 'gzip', ['.gz', '.tgz'], [[[0, [0x1f, 0x8b, 8]]]]);

/** `BZh`, the block size, then the magic of a block (pi) or of the end (the root of pi). */
export const BZIP2 = magicFormat(
  'bzip2',
  'bzip2',
  ['.bz2', '.tbz', '.tbz2'],
  [
    [
      [0, 'BZh'],
      [4, [0x31, 0x41, 0x59, 0x26, 0x53, 0x59]],
    ],
    [
      [0, 'BZh'],
      [4, [0x17, 0x72, 0x45, 0x38, 0x50, 0x90]],
    ],
  ],
);

export const XZ = magicFormat('xz', 'xz', ['.xz', '.txz'], [[[0, [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0]]]]);

export const ZSTD = magicFormat('zstd', 'Zstandard', ['.zst', '.tzst'], [[[0, [0x28, 0xb5, 0x2f, 0xfd]]]]);

/** The frame format; the older one that Linux kernels use (02 21 4c 18) is refused by its reader. */
export const LZ4 = magicFormat(
  'lz4',
  'LZ4',
  ['.lz4'],
  [[[0, [0x04, 0x22, 0x4d, 0x18]]], [[0, [0x02, 0x21, 0x4c, 0x18]]]],
);

/** LZMA alone has no magic: properties, a dictionary size that writers use, a length that fits or is unknown, a zero. */
export const LZMA: Format = {
  id: 'lzma',
  title: 'LZMA',
  extensions: ['.lzma'],
  identify({ head }: Probe): boolean {
    if (head.length < 18 || (head[0] ?? 255) >= 225 || head[13] !== 0) return false;
    const dictionary = u32le(head, 1);
    const round =
      dictionary !== 0 && [dictionary, (dictionary / 3) * 2].some((size) => Number.isInteger(Math.log2(size)));
    if (!round && dictionary !== 0xffffffff) return false;
    const high = u32le(head, 9);
    // Nothing is in it; zeros and minus zeros of tensors look like it.
    if (high === 0 && u32le(head, 5) === 0) return false;
    return (high === 0xffffffff && u32le(head, 5) === 0xffffffff) || high < 64;
  },
};

const MAX_PROBED_OUTPUT = 8 * 1024 * 1024;

/** zlib has two bytes of header, which text may well begin with: the first bytes must also inflate. */
export const ZLIB: Format = {
  id: 'zlib',
  title: 'zlib',
  extensions: ['.z', '.zlib'],
  identify({ head, size }: Probe): boolean {
    const [cmf = 0, flags = 0] = head;
    if (head.length < 8 || (cmf & 15) !== 8 || cmf >> 4 > 7 || ((cmf << 8) | flags) % 31 !== 0 || (flags & 32) !== 0)
      return false;
    const whole = head.length === size;
    return inflates(head, constants.Z_FINISH) || (!(whole && size < 16) && inflates(head, constants.Z_SYNC_FLUSH));
  },
};

function inflates(head: Uint8Array, finishFlush: number): boolean {
  try {
    return inflateSync(head, { finishFlush, maxOutputLength: MAX_PROBED_OUTPUT }).length > 0;
  } catch {
    return false;
  }
}

/** `ZF`, and a length in hexadecimal as `int(text, 16)` takes it. */
export const ZF_HEADER = 21;
const ZF_LENGTH = /^[\s+-]*(?:0[xX])?[\da-fA-F_]+L?\s*$/;

/** What joblib wrote before 0.10. */
export const JOBLIB_ZF: Format = {
  id: 'joblib-zf',
  title: 'joblib before 0.10 (ZF)',
  extensions: [],
  identify({ head }: Probe): boolean {
    if (head[0] !== 0x5a || head[1] !== 0x46 || head.length < ZF_HEADER) return false;
    return ZF_LENGTH.test(String.fromCharCode(...head.subarray(2, ZF_HEADER)));
  },
};

/** Every format that is one compressed stream. */
export const COMPRESSED: readonly Format[] = [GZIP, BZIP2, XZ, ZSTD, LZ4, LZMA, ZLIB];
