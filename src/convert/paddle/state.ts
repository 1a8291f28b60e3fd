import { AssayError } from '../../core/index.ts';
import {
  argsOf,
  calleeName,
  dictOf,
  type Inert,
  InertDict,
  type InertObject,
  isKind,
  sequenceOf,
  shapeOf,
} from '../../formats/pickle/inert/index.ts';
import { arrayReader, Buffers, wholePickle } from '../numpy/index.ts';
import {
  collectTensors,
  type InputFile,
  joinedTensor,
  rowOrder,
  stemOf,
  type Tensor,
  type TensorReader,
  type TensorReadOptions,
  type TensorSet,
} from '../tensors/index.ts';

/** Keys beside the parameters (paddle/framework/io.py). */
const NAMES = 'StructuredToParameterName@@';
const SLICED = 'UnpackBigParamInfor@@';

/**
 * The tensors of a file of `paddle.save`: arrays of NumPy, each with the name of its parameter or without.
 * @throws AssayError as `collectTensors` does; `malformed` for slices that do not make a parameter
 */
export async function paddleState({ path, source }: InputFile, options: TensorReadOptions): Promise<TensorSet> {
  const { salvage } = options;
  const { value, calls } = await wholePickle(source, options);
  const buffers = await Buffers.of(source, calls, options);
  const top = dictOf(value);
  const collecting = { reader: paddleReader(buffers), subject: path, salvage, stem: stemOf(path) };
  const set = collectTensors(top === undefined ? value : parameters(top), calls, collecting);
  const sliced = top?.get(SLICED);
  const joined = sliced === undefined ? set.tensors : await joinSlices(set.tensors, sliced, path, options);
  const names = top?.has(NAMES) === true ? [{ path: NAMES, what: 'the names of parameters' }] : [];
  return { tensors: joined.map(asPaddle), leftOut: [...set.leftOut, ...names] };
}

function parameters(top: InertDict): InertDict {
  const kept = new InertDict();
  for (const [key, item] of top.entries()) if (key !== NAMES && key !== SLICED) kept.set(key, item);
  return kept;
}

/** Paddle has bfloat16 as NumPy's uint16, which its tensors are never of (paddle/base/framework.py). */
function asPaddle(tensor: Tensor): Tensor {
  return tensor.dtype === 'U16' ? { ...tensor, dtype: 'BF16' } : tensor;
}

function paddleReader(buffers: Buffers): TensorReader {
  const arrays = arrayReader(buffers);
  return {
    find: (value, name) => arrays.find(named(value) ?? value, name),
    isHarmless: (call) => arrays.isHarmless(call) || evaluated(call) !== undefined,
  };
}

/** The array of `(name, array)`, of the call of `tuple` that makes it, and of the `eval` that a DenseTensor is saved as. */
function named(value: Inert): Inert | undefined {
  if (isKind(value, 'object')) {
    if (calleeName(value) !== 'builtins.tuple' || value.opcode !== 'REDUCE') return evaluated(value);
    const args = argsOf(value);
    return args?.length === 1 && args[0] !== undefined ? namedPair(args[0]) : undefined;
  }
  return isKind(value, 'tuple') ? namedPair(value) : undefined;
}

function namedPair(value: Inert): Inert | undefined {
  const [name, array, ...rest] = sequenceOf(value) ?? [];
  return typeof name === 'string' && isKind(array, 'object') && rest.length === 0 ? array : undefined;
}

/** `eval('data', {'data': array})` is the array, whatever it is: no other expression is looked at. */
function evaluated(call: InertObject): Inert | undefined {
  if (calleeName(call) !== 'builtins.eval' || call.opcode !== 'REDUCE') return undefined;
  const [expression, names, ...rest] = argsOf(call) ?? [];
  if (expression !== 'data' || rest.length > 0 || !isKind(names, 'dict') || names.size !== 1) return undefined;
  return names.get('data');
}

/** Parameters of more than 2^30 bytes are saved in slices, each an entry of its own (paddle/framework/io_utils.py). */
async function joinSlices(
  tensors: readonly Tensor[],
  sliced: Inert,
  path: string,
  options: TensorReadOptions,
): Promise<Tensor[]> {
  const refuse = (what: string) => new AssayError('malformed', what, { subject: path });
  const found = new Map(tensors.map((tensor) => [tensor.name, tensor]));
  const entries = dictOf(sliced)?.entries();
  if (entries === undefined) throw refuse(`${SLICED} is not a dict`);
  for (const [name, info] of entries) {
    const shape = shapeOf(dictOf(info)?.get('OriginShape'));
    const parts = sequenceOf(dictOf(info)?.get('slices'))?.filter((part) => typeof part === 'string');
    if (typeof name !== 'string' || shape === undefined || parts === undefined || found.has(name))
      throw refuse(`${SLICED} does not contain a parameter, its shape and its slices`);
    const slices: Tensor[] = [];
    for (const part of parts) {
      const slice = found.get(part);
      if (slice === undefined) throw refuse(`${name}: its slice ${part} is missing`);
      found.delete(part);
      slices.push(slice);
    }
    found.set(name, await joined(name, shape, slices, options));
  }
  return [...found.values()];
}

async function joined(
  name: string,
  shape: readonly number[],
  slices: readonly Tensor[],
  options: TensorReadOptions,
): Promise<Tensor> {
  const dtype = slices[0]?.dtype;
  if (dtype === undefined || slices.some((slice) => slice.dtype !== dtype))
    throw new AssayError('malformed', 'its slices are not of one type', { subject: name });
  const parts = [];
  for (const slice of slices) parts.push(await rowOrder(slice, options));
  return joinedTensor({ name, dtype, shape }, parts, options.budget);
}
