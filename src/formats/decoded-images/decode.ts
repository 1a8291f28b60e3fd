import { MemorySource, PartsSource } from '../../core/bytes/index.ts';
import { AssayError, isAssayError, type Limits } from '../../core/index.ts';
import { giveTensors, type ImageSteps, isImageMessage } from '../../sandbox/index.ts';

/** Images that one child decodes, and their bytes: its bounds on time are of all of them. */
export const BATCH_IMAGES = 64;
export const BATCH_BYTES = 32 * 1024 * 1024;
const MAX_OUTPUT = 512 * 1024 * 1024;

export interface EncodedImage {
  readonly path: string;
  readonly bytes: Uint8Array;
}

export interface ImageShape {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
}

/** Gets the bytes of the pixels, row by row, the channels of a pixel beside each other. */
export type TakeImage = (pixels: Uint8Array, shape: ImageShape, path: string) => void;

/**
 * Decodes PNG and JPEG in a bounded child process, in the order of the batch.
 * @throws AssayError `unsupported`, `malformed`, `truncated`, `limit`, each naming the file; `sandbox`; `aborted`
 */
export async function decodeImages(
  batch: readonly EncodedImage[],
  steps: ImageSteps,
  { limits, signal }: { readonly limits: Limits; readonly signal: AbortSignal | undefined },
  take: TakeImage,
): Promise<void> {
  let current = 0;
  const tensors = giveTensors({
    task: 'images',
    args: { sizes: batch.map(({ bytes }) => bytes.length), steps },
    input: new PartsSource(
      batch.map(({ path, bytes }) => ({ source: new MemorySource(bytes, path), offset: 0, length: bytes.length })),
      'images',
    ),
    limits,
    maxOutputBytes: MAX_OUTPUT,
    signal,
    onMessage: (value) => {
      if (isImageMessage(value)) current = value.image;
    },
  });
  let done = 0;
  try {
    for await (const { tensor } of tensors) {
      const [height = 0, width = 0, channels = 0] = tensor.dims;
      if (tensor.type !== 'uint8') throw new AssayError('sandbox', 'the sandbox gave an image that is not bytes');
      take(tensor.data, { height, width, channels }, batch[done]?.path ?? '');
      done++;
    }
  } catch (error) {
    // A child that met a bound says only where it was.
    if (!isAssayError(error) || error.subject !== undefined || error.code === 'aborted') throw error;
    const { code, message, hint } = error;
    const subject = batch[current]?.path;
    throw new AssayError(code, message, {
      cause: error,
      ...(subject === undefined ? {} : { subject }),
      ...(hint === undefined ? {} : { hint }),
    });
  }
  if (done !== batch.length) throw new AssayError('sandbox', 'the sandbox gave fewer images than it was given');
}
