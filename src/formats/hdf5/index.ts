export type { Hdf5Attribute } from './attributes.ts';
export type { Hdf5Dataset } from './dataset.ts';
export type { Hdf5Type } from './datatype.ts';
export { Hdf5File, type Hdf5Object, type Hdf5Options } from './file.ts';
export { HDF5 } from './format.ts';
export type { Hdf5Link } from './links.ts';
export type { Hdf5Range } from './range.ts';
export { readSuperblock } from './superblock.ts';
