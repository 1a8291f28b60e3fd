import { AssayError, DEFAULT_LIMITS } from '../../../core/index.ts';
import { BATCH_BYTES, BATCH_IMAGES, decodeImages, type EncodedImage } from '../../../formats/decoded-images/index.ts';
import type { Detector, ImageFile } from '../detector.ts';

/** Larger images are made smaller, each side by itself. */
const MOST_SIDE = 32;
const CHANNELS = 3;
/** Bytes of pixels that are held at a time. */
const MOST_BYTES = 512 * 1024 * 1024;

/** Images of one size, as red, green and blue bytes, one image behind the other. */
export interface ImageRows {
  readonly count: number;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly pixels: Uint8Array;
  readonly labels: readonly string[];
  /** Numbers of the rows in the data set. */
  readonly rows: Float64Array;
  /** Whether images were made smaller, and lost what is finer. */
  readonly reduced: boolean;
}

/** What a detector is given. */
export type ImagesView = Parameters<Detector['run']>[0];

/**
 * Images as the first one is, or 32 pixels where it is larger.
 * @throws AssayError of an image that cannot be decoded, `limit` for too many, `aborted`
 */
export async function loadImages(view: ImagesView): Promise<ImageRows> {
  const rows = new Rows(view.signal);
  let batch: ImageFile[] = [];
  let bytes = 0;
  for await (const image of view.images?.() ?? []) {
    batch.push(image);
    bytes += image.bytes.length;
    if (batch.length < BATCH_IMAGES && bytes < BATCH_BYTES) continue;
    await rows.add(batch);
    [batch, bytes] = [[], 0];
  }
  if (batch.length > 0) await rows.add(batch);
  return rows.all();
}

class Rows {
  readonly #signal: AbortSignal | undefined;
  readonly #parts: Uint8Array[] = [];
  readonly #labels: string[] = [];
  readonly #rows: number[] = [];
  #size: { readonly height: number; readonly width: number; readonly reduced: boolean } | undefined;
  #bytes = 0;

  constructor(signal: AbortSignal | undefined) {
    this.#signal = signal;
  }

  async add(batch: readonly ImageFile[]): Promise<void> {
    const [first] = batch;
    if (first === undefined) return;
    this.#size ??= await this.#sizeOf(first);
    const { height, width } = this.#size;
    const steps = { channels: 'rgb', filter: 'bilinear', resize: { height, width } } as const;
    await decodeImages(batch, steps, { limits: DEFAULT_LIMITS, signal: this.#signal }, (pixels) => {
      this.#bytes += pixels.length;
      if (this.#bytes > MOST_BYTES)
        throw new AssayError('limit', `the images have more than ${MOST_BYTES} bytes of pixels`, {
          hint: 'check a part of the images at a time',
        });
      this.#parts.push(Uint8Array.from(pixels));
    });
    for (const { label, row } of batch) {
      this.#labels.push(label);
      this.#rows.push(row);
    }
  }

  async #sizeOf(image: EncodedImage) {
    let size = { height: 0, width: 0, reduced: false };
    const steps = { channels: 'rgb', filter: 'bilinear' } as const;
    await decodeImages([image], steps, { limits: DEFAULT_LIMITS, signal: this.#signal }, (_, { height, width }) => {
      const reduced = Math.max(height, width) > MOST_SIDE;
      size = { height: Math.min(height, MOST_SIDE), width: Math.min(width, MOST_SIDE), reduced };
    });
    return size;
  }

  all(): ImageRows {
    const { height, width, reduced } = this.#size ?? { height: 0, width: 0, reduced: false };
    const each = height * width * CHANNELS;
    const pixels = new Uint8Array(each * this.#parts.length);
    for (const [place, part] of this.#parts.entries()) pixels.set(part, place * each);
    const [labels, rows] = [this.#labels, Float64Array.from(this.#rows)];
    return { count: this.#parts.length, height, width, channels: CHANNELS, pixels, labels, rows, reduced };
  }
}
