import type { StringDetector } from '../../strings/index.ts';
import { rawAddressDetector } from './addresses.ts';
import { hostDetectors, metadataDetector, onionDetector } from './hosts.ts';
import { shellDetectors } from './shells.ts';

/** Everything that points to a theft of data wherever it stands. */
export const indicatorDetectors: readonly StringDetector[] = [
  ...hostDetectors,
  metadataDetector,
  onionDetector,
  rawAddressDetector,
  ...shellDetectors,
];
