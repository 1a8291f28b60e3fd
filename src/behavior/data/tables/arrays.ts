import { readArrays } from '../../../formats/arrays/index.ts';
import type { TableFormat } from './format.ts';

const NPY_MAGIC = '\x93NUMPY';
const ZIP_MAGICS = ['PK\x03\x04', 'PK\x05\x06'];

/** What `numpy.save` writes: one array, which has the name of the file. */
export const NPY_TABLE: TableFormat = {
  id: 'npy',
  extensions: ['npy'],
  identify: (head) => startOf(head, 6) === NPY_MAGIC,
  read: (file, _request, context) => readArrays(file, context),
};

/** What `numpy.savez` writes: arrays by name. */
export const NPZ_TABLE: TableFormat = {
  id: 'npz',
  extensions: ['npz'],
  identify: (head) => ZIP_MAGICS.includes(startOf(head, 4)),
  read: (file, _request, context) => readArrays(file, context),
};

function startOf(head: Uint8Array, length: number): string {
  return String.fromCharCode(...head.subarray(0, length));
}
