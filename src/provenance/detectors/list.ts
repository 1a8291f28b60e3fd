import type { Detector } from './detector.ts';
import { IMAGE_CLUSTERS, IMAGE_NEIGHBOURS, IMAGE_PATCHES, IMAGE_SPECTRUM } from './images/index.ts';
import { CONFIDENT_LABELS, NEIGHBOUR_LABELS } from './labels/index.ts';
import { TRIGGER_TOKENS } from './text/index.ts';

/** All detectors, in the order of reports. Adding one is a file, or a folder, and a line here. */
export const DETECTORS: readonly Detector[] = [
  TRIGGER_TOKENS,
  CONFIDENT_LABELS,
  NEIGHBOUR_LABELS,
  IMAGE_PATCHES,
  IMAGE_NEIGHBOURS,
  IMAGE_SPECTRUM,
  IMAGE_CLUSTERS,
];
