import type { ByteSource } from '../../core/bytes/index.ts';
import { AssayError } from '../../core/index.ts';
import { type InertPickle, readInert } from '../../formats/pickle/inert/index.ts';
import { collectTensors, type InputFile, stemOf, type TensorReadOptions, type TensorSet } from '../tensors/index.ts';
import { arrayReader } from './arrays.ts';
import { Buffers } from './buffers.ts';

/**
 * The arrays of a pickle: those of a dict, a list, or one alone, named by the keys that lead to them.
 * @throws AssayError as `collectTensors` does; `unsupported` when bytes follow the pickle
 */
export async function pickledArrays({ path, source }: InputFile, options: TensorReadOptions): Promise<TensorSet> {
  const pickle = await wholePickle(source, options);
  const reader = arrayReader(await Buffers.of(source, pickle.calls, options));
  return collectTensors(pickle.value, pickle.calls, {
    reader,
    subject: path,
    salvage: options.salvage,
    stem: stemOf(path),
  });
}

/** @throws AssayError `unsupported` when bytes follow the pickle: programs read them in different ways */
export async function wholePickle(source: ByteSource, options: TensorReadOptions): Promise<InertPickle> {
  const pickle = await readInert(source, 0, { ...options, joblib: true });
  if (pickle.end !== source.size)
    throw new AssayError('unsupported', `${source.size - pickle.end} bytes follow the pickle`, {
      subject: source.name,
      offset: pickle.end,
      hint: 'save each object to a file of its own',
    });
  return pickle;
}
