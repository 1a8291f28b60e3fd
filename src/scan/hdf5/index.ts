export { hdf5Scanner } from './scanner.ts';
