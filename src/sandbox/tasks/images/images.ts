import { AssayError } from '../../../core/index.ts';
import { fields } from '../../frames.ts';
import { giveTensor } from '../give-tensor.ts';
import type { TaskIo } from '../task-io.ts';
import { decodeImage } from './decode.ts';
import { bgrOf, grayOf, type Pixels } from './pixels.ts';
import { isResizeFilter, type ResizeFilter, resample } from './resample.ts';

/** What is done to the pixels of an image, in this order. Plain JSON. */
export interface ImageSteps {
  readonly channels: 'rgb' | 'bgr' | 'gray';
  readonly resize?: { readonly shorter: number } | { readonly height: number; readonly width: number };
  readonly filter: ResizeFilter;
  /** The middle of the image. */
  readonly crop?: { readonly height: number; readonly width: number };
}

/** The image that is worked at, so that an error can name it. */
export interface ImageMessage {
  readonly image: number;
}

export function isImageMessage(value: unknown): value is ImageMessage {
  const { image } = fields(value);
  return typeof image === 'number' && Number.isSafeInteger(image);
}

/** Pixels of one image: of a file, and of each step. */
const MAX_PIXELS = 32 * 1024 * 1024;

/**
 * Decodes images and gives each as `uint8` of height, width and channels. The input is the files, one behind the other; `args`: `{ sizes,
 * steps }`.
 */
export async function run(args: unknown, io: TaskIo): Promise<void> {
  const { sizes, steps } = fields(args);
  if (!Array.isArray(sizes)) throw new AssayError('internal', 'images without their sizes');
  const checked = stepsOf(steps);
  let at = 0;
  for (const [image, size] of sizes.map(Number).entries()) {
    io.message({ image } satisfies ImageMessage);
    const { width, height, channels, data } = prepared(await decodeImage(readAll(io, at, size), MAX_PIXELS), checked);
    giveTensor(io, String(image), { type: 'uint8', dims: [height, width, channels], data });
    at += size;
  }
}

function readAll(io: TaskIo, offset: number, size: number): Uint8Array {
  const bytes = new Uint8Array(size);
  for (let at = 0; at < size; ) {
    const part = io.read(offset + at, size - at);
    if (part.length === 0) throw new AssayError('truncated', 'ends early');
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

function stepsOf(value: unknown): ImageSteps {
  const { channels, resize, filter, crop } = fields(value);
  if ((channels !== 'rgb' && channels !== 'bgr' && channels !== 'gray') || !isResizeFilter(filter))
    throw new AssayError('internal', 'images without channels or a filter');
  const box = (side: unknown) => {
    const { height, width } = fields(side);
    if (typeof height === 'number' && typeof width === 'number') return { height, width };
    throw new AssayError('internal', 'a size without height or width');
  };
  const { shorter } = fields(resize);
  return {
    channels,
    filter,
    ...(resize === undefined ? {} : { resize: typeof shorter === 'number' ? { shorter } : box(resize) }),
    ...(crop === undefined ? {} : { crop: box(crop) }),
  };
}

function prepared(image: Pixels, { channels, resize, filter, crop }: ImageSteps): Pixels {
  const coloured = channels === 'gray' ? grayOf(image) : image;
  const sized = resize === undefined ? coloured : resized(coloured, resize, filter);
  const cut = crop === undefined ? sized : cropped(sized, crop.height, crop.width);
  return channels === 'bgr' ? bgrOf(cut) : cut;
}

function resized(image: Pixels, resize: NonNullable<ImageSteps['resize']>, filter: ResizeFilter): Pixels {
  const { height, width } = 'shorter' in resize ? shorterSide(image, resize.shorter) : resize;
  if (height * width > MAX_PIXELS)
    throw new AssayError('limit', `becomes ${width} x ${height} pixels, more than ${MAX_PIXELS}`);
  return resample(image, width, height, filter);
}

/** As torchvision's `Resize(size)`: the longer side is rounded down. */
function shorterSide({ width, height }: Pixels, shorter: number) {
  const longer = Math.trunc((shorter * Math.max(width, height)) / Math.min(width, height));
  return width <= height ? { width: shorter, height: longer } : { width: longer, height: shorter };
}

/** As torchvision's `CenterCrop`, which rounds halves to the even number. */
function cropped({ width, height, channels, data }: Pixels, tall: number, wide: number): Pixels {
  if (tall > height || wide > width)
    throw new AssayError(
      'unsupported',
      `has ${width} x ${height} pixels where ${wide} x ${tall} are cropped; resize it to no less than that`,
    );
  const [top, left] = [halfToEven(height - tall), halfToEven(width - wide)];
  const result = new Uint8Array(tall * wide * channels);
  for (let y = 0; y < tall; y++) {
    const from = ((top + y) * width + left) * channels;
    result.set(data.subarray(from, from + wide * channels), y * wide * channels);
  }
  return { width: wide, height: tall, channels, data: result };
}

function halfToEven(twice: number): number {
  const down = Math.floor(twice / 2);
  return twice % 2 === 0 || down % 2 === 0 ? down : down + 1;
}
