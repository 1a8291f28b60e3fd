import {
  type Classes,
  type FeatureRows,
  labelClasses,
  MAX_CLASSES,
  type NearestRows,
  type Neighbourhoods,
  nearestRows,
  neighbourhoods,
  rowCopies,
  scaledFeatures,
  telling,
} from '../labels/index.ts';
import { type ImageRows, type ImagesView, loadImages } from './load.ts';

const SEED = 1;
const FEWEST = 50;
/** Nearest images that are kept of each: some of them may show the patch that is looked at. */
const NEAR = 50;

/** Images with a label, and which are near each other. */
export interface PreparedImages {
  readonly images: ImageRows;
  readonly names: readonly string[];
  readonly labels: Int32Array;
  readonly features: FeatureRows;
  readonly near: NearestRows;
  readonly around: Neighbourhoods;
}

const known = new WeakMap<ImagesView, Promise<PreparedImages | string>>();

/** Or a sentence that says why the images cannot be used. Several detectors look at one data set: it is read once. */
export function preparedImages(view: ImagesView): Promise<PreparedImages | string> {
  const found = known.get(view) ?? prepare(view);
  known.set(view, found);
  return found;
}

async function prepare(view: ImagesView): Promise<PreparedImages | string> {
  if (view.images === undefined) return 'the data is not a folder of images';
  const images = await loadImages(view);
  const classes = labelClasses(images.labels);
  const reason = unusable(images, classes);
  if (classes === undefined || reason !== undefined) return reason ?? '';
  const { count, height, width, channels, pixels } = images;
  view.note(`compares ${count} images`);
  const columns = height * width * channels;
  const used = Array.from({ length: columns }, (_, column) => column);
  const features = scaledFeatures(pixels, count, columns, used, SEED);
  if (features.width === 0) return 'all images are one';
  const labels = classes.of;
  const copies = rowCopies(features, labels, SEED);
  const data = { features, classes: classes.names.length, labels, copies, seed: SEED };
  const near = nearestRows(data, NEAR, view.signal);
  const around = neighbourhoods(near, labels, data.classes);
  if (!telling(labels, data.classes, (image) => around.most[image] ?? 0))
    return 'what images look like, pixel by pixel, does not tell the label';
  return { images, names: classes.names, labels, features, near, around };
}

function unusable({ count }: ImageRows, classes: Classes | undefined): string | undefined {
  if (classes === undefined) return `the label has more than ${MAX_CLASSES} values`;
  if (classes.names.length < 2) return 'all images have one label';
  if (count < FEWEST) return `there are fewer than ${FEWEST} images`;
  return classes.of.includes(-1) ? 'an image has no label' : undefined;
}
