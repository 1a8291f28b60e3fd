import * as v from 'valibot';
import { RESIZE_FILTERS, type ResizeFilter } from '../../../sandbox/index.ts';

const MAX_SIDE = 16_384;
const MAX_TEXT = 4_096;
const MAX_CLASSES = 100_000;

const text = v.pipe(v.string('must be a text'), v.minLength(1, 'is empty'), v.maxLength(MAX_TEXT, 'is too long'));
const folder = v.pipe(
  text,
  v.check((path) => !path.endsWith('/'), 'ends with /'),
);
const side = v.pipe(
  v.number('must be a number of pixels'),
  v.integer('must be a whole number of pixels'),
  v.minValue(1, 'must be at least 1 pixel'),
  v.maxValue(MAX_SIDE, `must be at most ${MAX_SIDE} pixels`),
);
const box = v.strictObject({ height: side, width: side });
const real = v.pipe(v.number('must be a number'), v.finite('must be a finite number'));
const positive = v.pipe(
  real,
  v.check((value) => value > 0, 'must be above 0'),
);
/** One number for all channels, or one for each. */
const perChannel = <S extends typeof real | typeof positive>(one: S) =>
  v.union([one, v.array(one)], 'must be a number, or a list with one for each channel');

/** What is done to an image, in this order: channels, resize, crop, then numbers, then the layout. */
export const preprocessSchema = v.strictObject({
  channels: v.exactOptional(v.picklist(['rgb', 'bgr', 'gray'], 'must be one of rgb, bgr, gray'), 'rgb'),
  /** The shorter side, with the other in proportion; or both. */
  resize: v.exactOptional(
    v.union([v.strictObject({ shorter: side }), box], 'must have `shorter`, or `height` and `width`'),
  ),
  filter: v.exactOptional(
    v.custom<ResizeFilter>(
      (value) => RESIZE_FILTERS.includes(String(value)),
      `must be one of ${RESIZE_FILTERS.join(', ')}`,
    ),
    'bilinear',
  ),
  /** The middle of the image. */
  crop: v.exactOptional(box),
  dtype: v.exactOptional(v.picklist(['float32', 'uint8'], 'must be one of float32, uint8'), 'float32'),
  /** What each value is divided by, before the mean is taken off and the rest is divided by `std`; 255 when absent. */
  divisor: v.exactOptional(positive),
  mean: v.exactOptional(perChannel(real)),
  std: v.exactOptional(perChannel(positive)),
  layout: v.exactOptional(v.picklist(['nchw', 'nhwc'], 'must be one of nchw, nhwc'), 'nchw'),
});

/** A folder of images, in the order of their paths. */
export const imagesPart = v.strictObject({
  images: folder,
  /** The name of the input. */
  as: text,
  preprocess: v.exactOptional(preprocessSchema, {}),
});

const classes = v.exactOptional(
  v.pipe(
    v.array(text),
    v.minLength(1, 'is empty'),
    v.maxLength(MAX_CLASSES, 'is too long'),
    v.check((names) => new Set(names).size === names.length, 'names a class twice'),
  ),
);

/** The sub-folder of each image is its class: its place in `classes`, or among all sub-folders by name. */
export const folderLabels = v.strictObject({
  folders: folder,
  classes,
});

export type Preprocess = v.InferOutput<typeof preprocessSchema>;
export type ImagesPart = v.InferOutput<typeof imagesPart>;
export type FolderLabels = v.InferOutput<typeof folderLabels>;
