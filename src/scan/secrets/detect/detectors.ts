import type { StringDetector } from '../../strings/index.ts';
import { awsDetector, azureDetector, sasDetector } from './cloud-keys.ts';
import { addressDetector, headerDetector, netrcDetector, settingDetector, wandbDetector } from './passwords.ts';
import { pemDetector, puttyDetector } from './private-keys.ts';
import { tokenDetectors } from './tokens.ts';
import { webTokenDetector } from './web-tokens.ts';

/** Everything that is a secret wherever it stands. */
export const secretDetectors: readonly StringDetector[] = [
  pemDetector,
  puttyDetector,
  awsDetector,
  azureDetector,
  sasDetector,
  ...tokenDetectors,
  webTokenDetector,
  addressDetector,
  netrcDetector,
  headerDetector,
  wandbDetector,
  settingDetector,
];
