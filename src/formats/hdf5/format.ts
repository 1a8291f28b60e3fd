import { type Format, startsWith } from '../format.ts';

export const SIGNATURE: readonly number[] = [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a];
/** Where a superblock may stand: 0, then every doubling from 512; a probe's head shows these. */
export const PLACES: readonly number[] = [0, 512, 1024, 2048];

export const HDF5: Format = {
  id: 'hdf5',
  title: 'HDF5',
  extensions: ['.h5', '.hdf5', '.he5', '.hdf', '.nc'],
  identify: ({ head }) => PLACES.some((at) => startsWith(head, SIGNATURE, at)),
};
