import type { Detector } from './detector.ts';
import { featureDrift, labelDrift, schemaDrift } from './drift/index.ts';
import { conflictingDuplicates, nearDuplicates, nearLeakage, splitLeakage } from './duplicates/index.ts';
import { invisibleText, mixedScript } from './hidden-text/index.ts';
import { imageClusters, imageNeighbours, imagePatches, imageSpectrum } from './images/index.ts';
import { confidentLabels, neighbourLabels } from './labels/index.ts';
import { bursts, newContributors, sourceLabels } from './sources/index.ts';
import { triggerTokens } from './text/index.ts';
import { futureValues } from './times/index.ts';
import { frontRunning, hosts, splitView } from './web/index.ts';

/** All detectors, in the order of reports. Adding one is a file, or a folder, and a line here. */
export const DETECTORS: readonly Detector[] = [
  schemaDrift,
  labelDrift,
  featureDrift,
  splitLeakage,
  nearLeakage,
  triggerTokens,
  conflictingDuplicates,
  nearDuplicates,
  confidentLabels,
  neighbourLabels,
  imagePatches,
  imageNeighbours,
  imageSpectrum,
  imageClusters,
  invisibleText,
  mixedScript,
  splitView,
  futureValues,
  sourceLabels,
  bursts,
  newContributors,
  hosts,
  frontRunning,
];
