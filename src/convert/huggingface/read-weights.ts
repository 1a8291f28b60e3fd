import { SliceSource } from '../../core/bytes/index.ts';
import { AssayError, quotedName } from '../../core/index.ts';
import { readSafetensors, SAFETENSORS, type SafetensorsEntry } from '../../formats/index.ts';
import { weightMap } from '../distributed/index.ts';
import {
  DTYPE_BYTES,
  type Dtype,
  type InputFile,
  rowMajor,
  type Tensor,
  type TensorReadOptions,
  withinBytes,
} from '../tensors/index.ts';
import { TORCH_LEGACY, TORCH_ZIP } from '../torch/index.ts';
import { ModelWeights } from './weights.ts';

const HEAD_BYTES = 4_096;

/** The weights of a model: one file, or an index and the files that it names. */
export interface WeightFiles {
  readonly main: InputFile;
  readonly isIndex: boolean;
  /** Files beside it, by their names. */
  readonly beside: ReadonlyMap<string, InputFile>;
}

/** @throws AssayError `malformed`, `unsupported`, `truncated`, `limit`, naming the file */
export async function readWeights(
  { main, isIndex, beside }: WeightFiles,
  options: TensorReadOptions,
): Promise<ModelWeights> {
  if (!isIndex) return new ModelWeights(await tensorsOf(main, options), main.path);
  const map = await weightMap(main);
  const tensors = new Map<string, Tensor>();
  for (const name of [...new Set(map.values())].sort()) {
    const file = beside.get(name);
    if (file === undefined)
      throw new AssayError('unsupported', `names the file ${quotedName(name)}, which is not there`, {
        subject: main.path,
        hint: 'convert the folder with all files of the model',
      });
    for (const [key, tensor] of await tensorsOf(file, options)) {
      if (map.get(key) !== name)
        throw new AssayError('malformed', `holds ${quotedName(key)}, which the index does not expect there`, {
          subject: file.path,
        });
      tensors.set(key, tensor);
    }
  }
  for (const name of map.keys())
    if (!tensors.has(name))
      throw new AssayError('malformed', `names ${quotedName(name)}, which no file holds`, { subject: main.path });
  return new ModelWeights(tensors, main.path);
}

async function tensorsOf(file: InputFile, options: TensorReadOptions): Promise<ReadonlyMap<string, Tensor>> {
  const { source } = file;
  const head = await source.read(0, Math.min(HEAD_BYTES, source.size));
  if (SAFETENSORS.identify({ head, tail: head, size: source.size })) return await safetensorsOf(file, options);
  for (const format of [TORCH_ZIP, TORCH_LEGACY])
    if (await format.matches(file, head)) {
      const { tensors } = await format.read(file, options);
      return new Map(tensors.map((tensor) => [tensor.name, tensor]));
    }
  throw new AssayError('unsupported', 'is neither a safetensors file nor one that PyTorch wrote', {
    subject: file.path,
  });
}

/** @throws AssayError `malformed` for a file that the format's description forbids */
async function safetensorsOf(
  { path, source }: InputFile,
  { limits, budget }: TensorReadOptions,
): Promise<ReadonlyMap<string, Tensor>> {
  const entries: SafetensorsEntry[] = [];
  const { faults, dataStart } = await readSafetensors(source, limits.maxHeaderBytes, budget, (entry) => {
    budget.hold(256 + 2 * entry.name.length);
    entries.push(entry);
  });
  const [fault] = faults;
  if (fault !== undefined) throw new AssayError('malformed', fault.message, { subject: path, offset: fault.offset });
  const tensors = new Map<string, Tensor>();
  for (const { name, dtype, shape, start, end } of entries) {
    const known = dtypeOf(dtype);
    if (known === undefined)
      throw new AssayError('unsupported', `${quotedName(name)} has the type ${dtype}`, { subject: path });
    const bytes = new SliceSource(source, dataStart + start, end - start, `${path}!${name}`);
    tensors.set(
      name,
      withinBytes({ name, dtype: known, shape, strides: rowMajor(shape), offset: 0, bytes, bigEndian: false }),
    );
  }
  return tensors;
}

function dtypeOf(name: string): Dtype | undefined {
  return Object.hasOwn(DTYPE_BYTES, name) ? (name as Dtype) : undefined;
}
