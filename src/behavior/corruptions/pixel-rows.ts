import { AssayError, quotedName, type SeededRandom } from '../../core/index.ts';
import type { Feeds } from '../../formats/arrays/index.ts';
import { type CorruptionName, corruptionOf } from './list.ts';
import type { CorruptionSeverity, Picture } from './picture.ts';

export interface PixelOptions {
  readonly lower?: number | readonly number[];
  readonly upper?: number | readonly number[];
  readonly layout?: 'nchw' | 'nhwc';
  readonly image?: readonly number[];
}

/** The rows of an input as pictures from 0 to 1, and back. */
export class PixelRows {
  readonly #feeds: Feeds;
  readonly #input: string;
  readonly #dims: readonly number[];
  readonly #data: Float32Array;
  readonly #sizes: Pick<Picture, 'channels' | 'height' | 'width'>;
  /** Where the numbers of an input lie in a picture. */
  readonly #places: Uint32Array;
  readonly #lower: readonly number[];
  readonly #upper: readonly number[];

  /** @throws AssayError `usage` for data that is not images of one input, or with numbers that are not within the range */
  constructor(name: string, feeds: Feeds, { lower = 0, upper = 1, layout = 'nchw', image }: PixelOptions) {
    const [[input, tensor] = ['', undefined], ...others] = feeds.tensors;
    const wrong = (message: string, hint: string) =>
      new AssayError('usage', `the data ${quotedName(name)} ${message}`, { hint });
    if (tensor?.type !== 'float32' || others.length > 0)
      throw wrong('is not rows of one input of float32', 'give images as float32: preprocess: { dtype: float32 }');
    const row = tensor.dims.slice(1);
    const width = row.reduce((product, size) => product * size, 1);
    const sizes = row.length === 3 ? row : image;
    const [a = 0, b = 0, c = 0] = sizes ?? [];
    if (sizes === undefined || a * b * c !== width || width === 0)
      throw wrong(
        `has rows of [${row.join(', ')}], which are not images`,
        'say how they lie: image: [channels, height, width]',
      );
    const [channels, high, wide] = layout === 'nhwc' && row.length === 3 ? [c, a, b] : [a, b, c];
    this.#lower = bounds(lower, channels);
    this.#upper = bounds(upper, channels);
    if (this.#lower.length !== channels || this.#upper.length !== channels)
      throw wrong(
        `has ${channels} channels, and another number of bounds`,
        'give lower and upper one number, or one a channel',
      );
    if (this.#lower.some((low, channel) => !(low < (this.#upper[channel] ?? low))))
      throw wrong('has a lower bound that is not below the upper one', 'correct lower and upper');
    this.#sizes = { channels, height: high, width: wide };
    this.#places = Uint32Array.from({ length: width }, (_, at) =>
      layout === 'nhwc' ? (at % channels) * high * wide + Math.floor(at / channels) : at,
    );
    this.#feeds = feeds;
    this.#input = input;
    this.#dims = tensor.dims;
    this.#data = tensor.data;
    this.#check(name);
  }

  /** The same rows, each damaged. */
  damaged(name: CorruptionName, severity: CorruptionSeverity, random: SeededRandom): Feeds {
    const corrupt = corruptionOf(name);
    const data = new Float32Array(this.#data.length);
    const width = this.#places.length;
    for (let row = 0; row < this.#feeds.rows; row++) {
      const pixels = new Float32Array(width);
      this.#places.forEach((place, at) => {
        const [low, reach] = this.#range(place);
        pixels[place] = ((this.#data[row * width + at] ?? 0) - low) / reach;
      });
      const other = corrupt({ ...this.#sizes, pixels }, severity, random);
      this.#places.forEach((place, at) => {
        const [low, reach] = this.#range(place);
        data[row * width + at] = low + (other.pixels[place] ?? 0) * reach;
      });
    }
    const tensor = { type: 'float32' as const, dims: this.#dims, data };
    return { ...this.#feeds, tensors: new Map([[this.#input, tensor]]) };
  }

  #range(place: number): readonly [low: number, reach: number] {
    const channel = Math.floor(place / (this.#sizes.height * this.#sizes.width));
    const low = this.#lower[channel] ?? 0;
    return [low, (this.#upper[channel] ?? 1) - low];
  }

  #check(name: string): void {
    const width = this.#places.length;
    for (const [at, value] of this.#data.entries()) {
      const [low, reach] = this.#range(this.#places[at % width] ?? 0);
      // PixelRows that were normalised with numbers of 32 bits are a little off.
      const slack = 1e-5 * reach;
      if (value >= low - slack && value <= low + reach + slack) continue;
      throw new AssayError(
        'usage',
        `row ${Math.floor(at / width)} of ${quotedName(name)} has the pixel ${value}, which is not from ${low} to ${low + reach}`,
        { hint: 'give the range that the pixels of the model have: lower, upper' },
      );
    }
  }
}

function bounds(given: number | readonly number[], channels: number): readonly number[] {
  return typeof given === 'number' ? Array.from({ length: channels }, () => given) : given;
}
