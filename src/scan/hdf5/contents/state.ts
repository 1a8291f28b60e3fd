import type { Hdf5File } from '../../../formats/hdf5/index.ts';
import type { ScanContext, ScanTarget } from '../../scanner/index.ts';
import type { Places } from './places.ts';

/** The state that the parts of this scanner share for one file. */
export interface Hdf5Scan {
  readonly target: ScanTarget;
  readonly context: ScanContext;
  readonly file: Hdf5File;
  readonly places: Places;
}
