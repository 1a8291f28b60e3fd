import type { Detector } from './detector.ts';
import { featureDrift, labelDrift, schemaDrift } from './drift/index.ts';
import { conflictingDuplicates, nearDuplicates, nearLeakage, splitLeakage } from './duplicates/index.ts';
import { invisibleText, mixedScript } from './hidden-text/index.ts';
import { IMAGE_CLUSTERS, IMAGE_NEIGHBOURS, IMAGE_PATCHES, IMAGE_SPECTRUM } from './images/index.ts';
import { CONFIDENT_LABELS, NEIGHBOUR_LABELS } from './labels/index.ts';
import { bursts, newContributors, sourceLabels } from './sources/index.ts';
import { TRIGGER_TOKENS } from './text/index.ts';
import { futureValues } from './times/index.ts';
import { frontRunning, hosts, splitView } from './web/index.ts';

/** All detectors, in the order of reports. Adding one is a file, or a folder, and a line here. */
export const DETECTORS: readonly Detector[] = [
  schemaDrift,
  labelDrift,
  featureDrift,
  splitLeakage,
  nearLeakage,
  TRIGGER_TOKENS,
  conflictingDuplicates,
  nearDuplicates,
  CONFIDENT_LABELS,
  NEIGHBOUR_LABELS,
  IMAGE_PATCHES,
  IMAGE_NEIGHBOURS,
  IMAGE_SPECTRUM,
  IMAGE_CLUSTERS,
  invisibleText,
  mixedScript,
  splitView,
  futureValues,
  sourceLabels,
  bursts,
  newContributors,
  hosts,
  frontRunning,
import { imageClusters, imageNeighbours, imagePatches, imageSpectrum } from './images/index.ts';
import { confidentLabels, neighbourLabels } from './labels/index.ts';
import { triggerTokens } from './text/index.ts';

/** All detectors, in the order of reports. Adding one is a file, or a folder, and a line here. */
export const DETECTORS: readonly Detector[] = [
  triggerTokens,
  confidentLabels,
  neighbourLabels,
  imagePatches,
  imageNeighbours,
  imageSpectrum,
  imageClusters,
];
