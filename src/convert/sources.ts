import { FLAX_MSGPACK } from './flax/index.ts';
import { COMPRESSED_ARRAYS, NPY_ARRAY, NPZ_ARRAYS, PICKLED_ARRAYS } from './numpy/index.ts';
import { PADDLE_COMBINED, PADDLE_STATE } from './paddle/index.ts';
import type { InputFile, TensorFormat } from './tensors/index.ts';
import { TORCH_LEGACY, TORCH_TAR, TORCH_ZIP } from './torch/index.ts';

/** Every format that holds tensors, those with the clearest mark first. */
export const TENSOR_FORMATS: readonly TensorFormat[] = [
  TORCH_ZIP,
  NPZ_ARRAYS,
  NPY_ARRAY,
  TORCH_LEGACY,
  TORCH_TAR,
  PADDLE_STATE,
  PADDLE_COMBINED,
  PICKLED_ARRAYS,
  COMPRESSED_ARRAYS,
  FLAX_MSGPACK,
];

const HEAD_BYTES = 4_096;

/** The format of a file; `undefined` when it is none that holds tensors. */
export async function tensorFormatOf(file: InputFile): Promise<TensorFormat | undefined> {
  const head = await file.source.read(0, Math.min(HEAD_BYTES, file.source.size));
  for (const format of TENSOR_FORMATS) if (await format.matches(file, head)) return format;
  return undefined;
}
