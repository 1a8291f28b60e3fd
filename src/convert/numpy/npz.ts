import { npzMembers } from '../../formats/arrays/index.ts';
import { type InputFile, TensorList, type TensorReadOptions, type TensorSet } from '../tensors/index.ts';
import { npyTensor } from './npy.ts';

/**
 * The arrays of a `.npz` file, by the names of its members (numpy/lib/_npyio_impl.py, `NpzFile`).
 * @throws AssayError `malformed` for archives that loaders read in different ways, `unsupported`, `truncated`, `limit`
 */
export async function npzTensors({ path, source }: InputFile, options: TensorReadOptions): Promise<TensorSet> {
  const list = new TensorList({ subject: path, salvage: options.salvage });
  for await (const { name, entry, member } of npzMembers(source, options)) {
    if (name === undefined) {
      list.leave('a member that is not an array', entry);
      continue;
    }
    const found = await npyTensor(member, name);
    if (found.kind === 'tensor') list.add(found.tensor);
    else if (found.kind === 'refused') list.refuse(found.why, name);
  }
  return list.result();
}
