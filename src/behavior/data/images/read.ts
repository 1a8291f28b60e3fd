import { AssayError } from '../../../core/index.ts';
import type { PlainArray } from '../../../formats/arrays/index.ts';
import {
  BATCH_BYTES,
  BATCH_IMAGES,
  decodeImages,
  type EncodedImage,
  type ImageShape,
} from '../../../formats/decoded-images/index.ts';
import type { DataFiles } from '../files.ts';
import type { DataContext } from '../options.ts';
import { pixelWriter } from './numbers.ts';
import type { ImagesPart, Preprocess } from './spec.ts';

const MAX_FILE_BYTES = 64 * 1024 * 1024;
/** Values are held as 64-bit numbers. */
const HELD = 8;

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
  let batch: EncodedImage[] = [];
  let held = 0;
  for (const path of paths) {
    const bytes = await files.use(path, async ({ source }) => {
      if (source.size > MAX_FILE_BYTES) throw new AssayError('limit', `has more than ${MAX_FILE_BYTES} bytes`);
      context.budget.hold(source.size);
      return Uint8Array.from(await source.read(0, source.size));
    });
    batch.push({ path, bytes });
    held += bytes.length;
    if (batch.length < BATCH_IMAGES && held < BATCH_BYTES) continue;
    await decodeBatch(batch, rows, preprocess, context);
    context.budget.release(held);
    [batch, held] = [[], 0];
  }
  if (batch.length > 0) await decodeBatch(batch, rows, preprocess, context);
  context.budget.release(held);
  return rows.array();
}

async function decodeBatch(
  batch: readonly EncodedImage[],
  rows: Rows,
  { channels, resize, filter, crop }: Preprocess,
  context: DataContext,
): Promise<void> {
  const steps = {
    channels,
    filter,
    ...(resize === undefined ? {} : { resize }),
    ...(crop === undefined ? {} : { crop }),
  };
  await decodeImages(batch, steps, context, (pixels, shape, path) => rows.add(pixels, shape, path));
}

/** The images that were decoded, as numbers. */
class Rows {
  readonly #preprocess: Preprocess;
  readonly #rows: number;
  readonly #folder: string;
  readonly #context: DataContext;
  #first: (ImageShape & { readonly path: string }) | undefined;
  #values = new Float64Array(0);
  #write: ReturnType<typeof pixelWriter> | undefined;
  #next = 0;

  constructor(preprocess: Preprocess, rows: number, folder: string, context: DataContext) {
    this.#preprocess = preprocess;
    this.#rows = rows;
    this.#folder = folder;
    this.#context = context;
  }

  add(pixels: Uint8Array, shape: ImageShape, path: string): void {
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
