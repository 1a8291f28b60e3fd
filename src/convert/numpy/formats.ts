import { isNpz } from '../../formats/arrays/index.ts';
import { startsWith } from '../../formats/index.ts';
import { NPY as NPY_FORMAT } from '../../formats/npy/index.ts';
import { type InputFile, stemOf, type TensorFormat, TensorList } from '../tensors/index.ts';
import { compressionOf, isPickle, uncompressed } from './expanded.ts';
import { npyTensor } from './npy.ts';
import { npzTensors } from './npz.ts';
import { pickledArrays } from './pickle.ts';

/** One array, by `numpy.save`. */
export const NPY_ARRAY: TensorFormat = {
  id: 'npy',
  title: 'NumPy array',
  framework: 'np',
  matches: ({ source }, head) => NPY_FORMAT.identify({ head, tail: head, size: source.size }),
  async read({ path, source }, { salvage }) {
    const list = new TensorList({ subject: path, salvage });
    const name = stemOf(path);
    const found = await npyTensor(source, name);
    if (found.kind === 'tensor') list.add(found.tensor);
    else if (found.kind === 'refused') list.refuse(found.why, name);
    return list.result();
  },
};

/** Named arrays, by `numpy.savez` and `numpy.savez_compressed`. */
export const NPZ_ARRAYS: TensorFormat = {
  id: 'npz',
  title: 'NumPy arrays (npz)',
  framework: 'np',
  matches: ({ source }, head) => startsWith(head, 'PK\x03\x04') && isNpz(source),
  read: npzTensors,
};

/** Arrays in a pickle, or in a file of joblib that is not compressed. */
export const PICKLED_ARRAYS: TensorFormat = {
  id: 'numpy-pickle',
  title: 'pickle of NumPy arrays',
  framework: 'np',
  matches: ({ source }, head) => isPickle(head, source.size),
  read: pickledArrays,
};

/** The same, compressed: by joblib, or around a pickle. */
export const COMPRESSED_ARRAYS: TensorFormat = {
  id: 'numpy-pickle-compressed',
  title: 'compressed pickle of NumPy arrays',
  framework: 'np',
  matches: (file, head) => isPickleName(file) && compressionOf(head, file.source.size) !== undefined,
  read: async ({ path, source }, options) =>
    pickledArrays({ path, source: await uncompressed(source, options) }, options),
};

/** What a compressed stream holds is not known before it is expanded: files of these names hold pickles. */
const PICKLE_NAME = /\.(?:pkl|pickle|p|joblib|jbl|sav|z)(?:\.(?:gz|bz2|xz|lzma|lz4|z|zlib))?$/i;

function isPickleName({ path }: InputFile): boolean {
  return PICKLE_NAME.test(path);
}
