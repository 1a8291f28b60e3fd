/** Pixels row after row, 8 bits a channel: 3 channels (red, green, blue) or 1. */
export interface Pixels {
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 3;
  readonly data: Uint8Array;
}

/** Three channels of four. What shines through is left out, as Pillow does. */
export function withoutAlpha(rgba: Uint8Array, width: number, height: number): Pixels {
  const data = new Uint8Array(width * height * 3);
  for (let from = 0, to = 0; to < data.length; from += 4, to += 3) {
    data[to] = rgba[from] ?? 0;
    data[to + 1] = rgba[from + 1] ?? 0;
    data[to + 2] = rgba[from + 2] ?? 0;
  }
  return { width, height, channels: 3, data };
}

/** ITU-R 601-2 luma in 16 bits, as Pillow's `convert('L')` computes it. */
export function grayOf({ width, height, data }: Pixels): Pixels {
  const gray = new Uint8Array(width * height);
  for (let at = 0, from = 0; at < gray.length; at++, from += 3) {
    const luma = (data[from] ?? 0) * 19_595 + (data[from + 1] ?? 0) * 38_470 + (data[from + 2] ?? 0) * 7_471;
    gray[at] = (luma + 0x8000) >> 16;
  }
  return { width, height, channels: 1, data: gray };
}

/** Red and blue in each other's place. */
export function bgrOf({ width, height, channels, data }: Pixels): Pixels {
  const swapped = Uint8Array.from(data);
  for (let at = 0; at < data.length; at += 3) {
    swapped[at] = data[at + 2] ?? 0;
    swapped[at + 2] = data[at] ?? 0;
  }
  return { width, height, channels, data: swapped };
}
