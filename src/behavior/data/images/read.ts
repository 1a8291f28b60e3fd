import { MemorySource, PartsSource } from '../../../core/bytes/index.ts';
import { AssayError, isAssayError } from '../../../core/index.ts';
import type { PlainArray } from '../../../formats/arrays/index.ts';
import { giveTensors, type ImageSteps, isImageMessage } from '../../../sandbox/index.ts';
import type { DataFiles } from '../files.ts';
import type { DataContext } from '../options.ts';
import { pixelWriter } from './numbers.ts';
import type { ImagesPart, Preprocess } from './spec.ts';

/** Files that one child decodes, and their bytes: its bounds on time are of all of them. */
const BATCH_FILES = 64;
const BATCH_BYTES = 32 * 1024 * 1024;
const MAX_FILE_BYTES = 64 * 1024 * 1024;
const MAX_OUTPUT = 512 * 1024 * 1024;
/** Values are held as 64-bit numbers. */
const HELD = 8;

interface Loaded {
  readonly path: string;
  readonly bytes: Uint8Array;
}

/**
 * Images as one input, a row each, in the order of `paths`.
 * @throws AssayError `usage` for images that end in different sizes; `unsupported`, `malformed`, `truncated`, `limit`, each naming the
 *   file; `sandbox`; `aborted`
 */
export async function readImages(
  { images, preprocess }: ImagesPart,
  paths: readonly string[],
  files: DataFiles,
  context: DataContext,
): Promise<PlainArray> {
  const rows = new Rows(preprocess, paths.length, images, context);
  let batch: Loaded[] = [];
  let held = 0;
  for (const path of paths) {
    const bytes = await files.use(path, async ({ source }) => {
      if (source.size > MAX_FILE_BYTES) throw new AssayError('limit', `has more than ${MAX_FILE_BYTES} bytes`);
      context.budget.hold(source.size);
      return Uint8Array.from(await source.read(0, source.size));
    });
    batch.push({ path, bytes });
    held += bytes.length;
    if (batch.length < BATCH_FILES && held < BATCH_BYTES) continue;
    await decodeBatch(batch, rows, preprocess, context);
    context.budget.release(held);
    [batch, held] = [[], 0];
  }
  if (batch.length > 0) await decodeBatch(batch, rows, preprocess, context);
  context.budget.release(held);
  return rows.array();
}

async function decodeBatch(
  batch: readonly Loaded[],
  rows: Rows,
  { channels, resize, filter, crop }: Preprocess,
  { limits, signal }: DataContext,
): Promise<void> {
  const steps: ImageSteps = {
    channels,
    filter,
    ...(resize === undefined ? {} : { resize }),
    ...(crop === undefined ? {} : { crop }),
  };
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
      const [height = 0, width = 0, channelCount = 0] = tensor.dims;
      if (tensor.type !== 'uint8') throw new AssayError('sandbox', 'the sandbox gave an image that is not bytes');
      rows.add(tensor.data, { height, width, channels: channelCount }, batch[done]?.path ?? '');
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

/** The images that were decoded, as numbers. */
class Rows {
  readonly #preprocess: Preprocess;
  readonly #rows: number;
  readonly #folder: string;
  readonly #context: DataContext;
  #first:
    | { readonly path: string; readonly height: number; readonly width: number; readonly channels: number }
    | undefined;
  #values = new Float64Array(0);
  #write: ReturnType<typeof pixelWriter> | undefined;
  #next = 0;

  constructor(preprocess: Preprocess, rows: number, folder: string, context: DataContext) {
    this.#preprocess = preprocess;
    this.#rows = rows;
    this.#folder = folder;
    this.#context = context;
  }

  add(
    pixels: Uint8Array,
    shape: { readonly height: number; readonly width: number; readonly channels: number },
    path: string,
  ): void {
    const size = shape.height * shape.width * shape.channels;
    if (this.#first === undefined) {
      this.#context.budget.hold(HELD * size * this.#rows);
      this.#first = { path, ...shape };
      this.#values = new Float64Array(size * this.#rows);
      this.#write = pixelWriter(this.#preprocess, shape);
    }
    const { height, width } = this.#first;
    if (shape.height !== height || shape.width !== width)
      throw new AssayError(
        'usage',
        `has ${shape.width} x ${shape.height} pixels, and ${this.#first.path} has ${width} x ${height}`,
        {
          subject: path,
          hint: 'set `resize` to a height and width, or add `crop`',
        },
      );
    this.#write?.(pixels, this.#values, this.#next * size);
    this.#next++;
  }

  array(): PlainArray {
    const { height, width, channels } = this.#first ?? { height: 0, width: 0, channels: 0 };
    const { layout, dtype } = this.#preprocess;
    if (this.#next !== this.#rows) throw new AssayError('internal', 'an image has no row', { subject: this.#folder });
    const dims = [this.#rows, ...(layout === 'nchw' ? [channels, height, width] : [height, width, channels])];
    if (dtype === 'float32') return { kind: 'numbers', dims, values: this.#values };
    this.#context.budget.hold(HELD * this.#values.length);
    return { kind: 'integers', dims, values: BigInt64Array.from(this.#values, BigInt) };
  }
}
