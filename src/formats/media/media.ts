import type { Format, Probe } from '../format.ts';
import { magicFormat, u32be, u32le } from '../magic.ts';

/** Pictures, sound, fonts, documents: data that stands beside a model. Told by their first bytes. */
export const MEDIA: readonly Format[] = [
  magicFormat('png', 'PNG image', ['.png'], [[[0, [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]]]]),
  magicFormat('jpeg', 'JPEG image', ['.jpg', '.jpeg', '.jpe'], [[[0, [0xff, 0xd8, 0xff]]]]),
  magicFormat('gif', 'GIF image', ['.gif'], [[[0, 'GIF87a']], [[0, 'GIF89a']]]),
  magicFormat(
    'webp',
    'WebP image',
    ['.webp'],
    [
      [
        [0, 'RIFF'],
        [8, 'WEBP'],
      ],
    ],
  ),
  magicFormat(
    'wav',
    'WAV sound',
    ['.wav'],
    [
      [
        [0, 'RIFF'],
        [8, 'WAVE'],
      ],
    ],
  ),
  magicFormat(
    'avi',
    'AVI video',
    ['.avi'],
    [
      [
        [0, 'RIFF'],
        [8, 'AVI '],
      ],
    ],
  ),
  magicFormat('tiff', 'TIFF image', ['.tif', '.tiff'], [[[0, [0x49, 0x49, 0x2a, 0]]], [[0, [0x4d, 0x4d, 0, 0x2a]]]]),
  magicFormat('ico', 'icon', ['.ico'], [[[0, [0, 0, 1, 0]]]], ({ head, size }) => {
    const count = (head[4] ?? 0) | ((head[5] ?? 0) << 8);
    return count > 0 && count <= 64 && size >= 6 + 16 * count && u32le(head, 18) === 6 + 16 * count;
  }),
  magicFormat('icns', 'Apple icon', ['.icns'], [[[0, 'icns']]], ({ head, size }) => u32be(head, 4) === size),
  magicFormat('flac', 'FLAC sound', ['.flac'], [[[0, 'fLaC']]]),
  magicFormat(
    'ogg',
    'Ogg sound or video',
    ['.ogg', '.oga', '.opus', '.ogv'],
    [
      [
        [0, 'OggS'],
        [4, [0]],
      ],
    ],
  ),
  { id: 'mp3', title: 'MP3 sound', extensions: ['.mp3'], identify: isMp3 },
  magicFormat('matroska', 'Matroska or WebM video', ['.mkv', '.webm'], [[[0, [0x1a, 0x45, 0xdf, 0xa3]]]]),
  magicFormat('pdf', 'PDF document', ['.pdf'], [[[0, '%PDF-']]]),
  magicFormat(
    'font',
    'font',
    ['.ttf', '.otf', '.woff', '.woff2'],
    [
      [[0, 'wOFF']],
      [[0, 'wOF2']],
      [
        [0, 'OTTO'],
        [4, [0]],
      ],
      [
        [0, [0, 1, 0, 0, 0]],
        [6, [0]],
      ],
    ],
    ({ head }) => (head[5] ?? 0) > 0,
  ),
  magicFormat('ds-store', 'macOS folder view (.DS_Store)', [], [[[0, [0, 0, 0, 1, 0x42, 0x75, 0x64, 0x31]]]]),
];

/** Told by bytes that could also be a pickle's: asked after it. */
export const LATE_MEDIA: readonly Format[] = [
  // A size of 24 bits that is the file's: read as a pickle, it makes the first string longer than the file.
  magicFormat(
    'bmp',
    'BMP image',
    ['.bmp'],
    [
      [
        [0, 'BM'],
        [6, [0, 0, 0, 0]],
      ],
    ],
    ({ head, size }) => {
      return u32le(head, 2) === size && size < 2 ** 24 && u32le(head, 10) < 4096 && u32le(head, 14) < 256;
    },
  ),
  magicFormat('mp4', 'MPEG-4 media', ['.mp4', '.m4a', '.m4v', '.mov', '.heic', '.avif'], [[[4, 'ftyp']]]),
];

const BITRATES = [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320];
const RATES = [44_100, 48_000, 32_000];

/** A tag, or two MPEG-1 layer III frames in a row: eleven set bits alone stand in any binary data. */
function isMp3({ head }: Probe): boolean {
  if (head[0] === 0x49 && head[1] === 0x44 && head[2] === 0x33)
    return (head[3] ?? 0xff) <= 4 && (head[4] ?? 0xff) < 0xff;
  if (head[0] !== 0xff || ((head[1] ?? 0) & 0xfe) !== 0xfa) return false;
  const bitrate = BITRATES[(head[2] ?? 0) >> 4];
  const rate = RATES[((head[2] ?? 0) >> 2) & 3];
  if (bitrate === undefined || bitrate === 0 || rate === undefined) return false;
  const next = Math.floor((144_000 * bitrate) / rate) + (((head[2] ?? 0) >> 1) & 1);
  return head[next] === 0xff && head[next + 1] === head[1];
}

/** Whether a format is one of pictures, sound, fonts or documents. */
export function isMedia(format: Format): boolean {
  return MEDIA.includes(format) || LATE_MEDIA.includes(format);
}
