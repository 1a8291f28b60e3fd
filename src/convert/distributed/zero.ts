import { type ByteSource, SliceSource } from '../../core/bytes/index.ts';
import { AssayError } from '../../core/index.ts';
import {
  DTYPE_BYTES,
  type Dtype,
  elementsOf,
  type InputFile,
  joinedTensor,
  rowOrder,
  type Tensor,
  TensorList,
  type TensorReadOptions,
} from '../tensors/index.ts';
import { asFloat32 } from './float32.ts';
import { baseNameOf, folderOf, type ShardedCheckpoint, type ShardedResult } from './form.ts';
import {
  type ModelStates,
  type NamedShape,
  type OptimizerStates,
  readModelStates,
  readOptimizerStates,
} from './zero-states.ts';

const OPTIMIZER = /_optim_states\.pt$/;
const MODEL = /_model_states\.pt$/;

/** Checkpoints of DeepSpeed with ZeRO, whose float32 weights are in the states of the optimizers. */
export function zeroCheckpoints(files: readonly InputFile[]): ShardedCheckpoint[] {
  const folders = new Set(files.filter(({ path }) => OPTIMIZER.test(path)).map(({ path }) => folderOf(path)));
  return [...folders].flatMap((folder): ShardedCheckpoint[] => {
    const here = files.filter(({ path }) => folderOf(path) === folder);
    const optimizers = here.filter(({ path }) => OPTIMIZER.test(path)).sort(inNaturalOrder);
    const models = here.filter(({ path }) => MODEL.test(path)).sort(inNaturalOrder);
    if (models.length === 0) return [];
    return [
      {
        id: 'deepspeed-zero',
        title: 'DeepSpeed ZeRO checkpoint',
        framework: 'pt',
        files: [...models, ...optimizers],
        read: (options) => readZero(folder, models, optimizers, options),
      },
    ];
  });
}

/** `rank_2` before `rank_10`. */
function inNaturalOrder(a: InputFile, b: InputFile): number {
  const parts = ({ path }: InputFile) => baseNameOf(path).split(/(\d+)/);
  const [left, right] = [parts(a), parts(b)];
  for (const [i, part] of left.entries()) {
    const other = right[i] ?? '';
    const order = i % 2 === 1 ? Number(part) - Number(other) : part < other ? -1 : part > other ? 1 : 0;
    if (order !== 0) return order;
  }
  return left.length - right.length;
}

/** Rebuilds the weights as `zero_to_fp32.py` does (deepspeed/utils/zero_to_fp32.py). */
async function readZero(
  folder: string,
  models: readonly InputFile[],
  optimizers: readonly InputFile[],
  options: TensorReadOptions,
): Promise<ShardedResult> {
  const refuse = (what: string) => new AssayError('malformed', what, { subject: optimizers[0]?.path ?? folder });
  const states: OptimizerStates[] = [];
  for (const file of optimizers) states.push(await readOptimizerStates(file, options));
  const processes = states[0]?.processes;
  const stage = states[0]?.stage ?? 0;
  if (processes !== optimizers.length || states.some((state) => state.stage !== stage))
    throw refuse(`the checkpoint is of ${processes} processes, and ${optimizers.length} have saved their states`);
  const saved: ModelStates[] = [];
  for (const file of stage === 3 ? models : models.slice(0, 1)) saved.push(await readModelStates(file, options));
  const [model] = saved;
  if (model === undefined || (stage === 3 && saved.length !== processes))
    throw refuse(`the checkpoint is of ${processes} processes, and ${saved.length} have saved their models`);
  const tensors = new Map<string, Tensor>();
  for (const buffer of model.buffers) tensors.set(buffer.name, await asFloat32(buffer, options));
  const rebuild = stage === 3 ? rebuildStage3 : rebuildStage2;
  for (const tensor of await frozenTensors(saved, stage, options)) tensors.set(tensor.name, tensor);
  for (const tensor of await rebuild(model, states, refuse, options)) tensors.set(tensor.name, tensor);
  for (const [name, source] of model.shared) {
    const tensor = tensors.get(source);
    if (tensor !== undefined) tensors.set(name, { ...tensor, name });
  }
  const list = new TensorList({ subject: folder, salvage: options.salvage });
  for (const tensor of tensors.values()) list.add(tensor);
  const from = [...models, ...optimizers].map(({ path }) => path);
  return { outputs: [{ path: `${folder}model.safetensors`, from, set: list.result() }] };
}

async function frozenTensors(
  saved: readonly ModelStates[],
  stage: number,
  options: TensorReadOptions,
): Promise<Tensor[]> {
  const [model] = saved;
  if (model === undefined) return [];
  if (stage < 3) return model.frozen.map(({ name }) => model.fragment(name));
  const tensors: Tensor[] = [];
  for (const { name, shape } of model.frozen) {
    const vector = await vectorOf(
      saved.map((one) => one.fragment(name)),
      options,
    );
    tensors.push(vector.tensor({ name, shape }, 0));
  }
  return tensors;
}

/** Each group is one vector, of which each process has an equal part; parameters stand one after the other. */
async function rebuildStage2(
  { groups }: ModelStates,
  states: readonly OptimizerStates[],
  refuse: (what: string) => AssayError,
  options: TensorReadOptions,
): Promise<Tensor[]> {
  const [first] = states;
  if (first === undefined || states.some((state) => state.groups.length !== groups.length))
    throw refuse('the processes have other groups of parameters than the model');
  const tensors: Tensor[] = [];
  for (const [index, shapes] of groups.entries()) {
    const vector = await vectorOf(
      states.flatMap((state) => state.groups[index] ?? []),
      options,
    );
    const paddings = first.paddings?.[index];
    if (paddings !== undefined && paddings.length !== shapes.length)
      throw refuse('the paddings are not those of the parameters');
    let at = 0;
    for (const [i, named] of shapes.entries()) {
      tensors.push(vector.tensor(named, at));
      at += elementsOf(named.shape, named.name) + (paddings?.[i] ?? 0);
    }
    // DeepSpeed aligns groups to twice the number of processes.
    const aligned = (elements: number) => Math.ceil(elements / (2 * states.length));
    if (aligned(at) !== aligned(vector.elements))
      throw refuse(`the parameters take ${at} of the ${vector.elements} elements of a group`);
  }
  return tensors;
}

/** Each process has an equal part of each parameter, which ends with padding. */
async function rebuildStage3(
  { groups }: ModelStates,
  states: readonly OptimizerStates[],
  refuse: (what: string) => AssayError,
  options: TensorReadOptions,
): Promise<Tensor[]> {
  const vectors: Vector[] = [];
  for (const state of states) vectors.push(await vectorOf(state.groups, options));
  const tensors: Tensor[] = [];
  let at = 0;
  for (const named of groups.flat()) {
    const elements = elementsOf(named.shape, named.name);
    const part = Math.ceil(elements / states.length);
    const parts = vectors.flatMap((vector) => vector.stretch(at, part));
    const whole = new Vector(parts, vectors[0]?.dtype ?? 'F32', options);
    tensors.push(whole.tensor(named, 0));
    at += part;
  }
  if (vectors.some(({ elements, dtype }) => elements !== at || dtype !== vectors[0]?.dtype))
    throw refuse(`the parameters take ${at} of the ${vectors[0]?.elements} elements of a process`);
  return tensors;
}

async function vectorOf(parts: readonly Tensor[], options: TensorReadOptions): Promise<Vector> {
  const dtype = parts[0]?.dtype ?? 'F32';
  const other = parts.find((part) => part.dtype !== dtype);
  if (other !== undefined)
    throw new AssayError('malformed', `${other.name} has the type ${other.dtype}, and others have ${dtype}`);
  const sources: ByteSource[] = [];
  for (const part of parts) sources.push(await rowOrder(part, options));
  return new Vector(sources, dtype, options);
}

/** Elements that stand in several places, as one row. */
class Vector {
  readonly dtype: Dtype;
  readonly elements: number;
  readonly #parts: readonly ByteSource[];
  readonly #options: TensorReadOptions;

  constructor(parts: readonly ByteSource[], dtype: Dtype, options: TensorReadOptions) {
    this.#parts = parts;
    this.dtype = dtype;
    this.#options = options;
    this.elements = parts.reduce((sum, { size }) => sum + size, 0) / DTYPE_BYTES[dtype];
  }

  /** @throws AssayError `malformed` when the row ends before it */
  tensor({ name, shape }: NamedShape, at: number): Tensor {
    const { dtype } = this;
    return joinedTensor({ name, dtype, shape }, this.stretch(at, elementsOf(shape, name)), this.#options.budget);
  }

  /** Elements from `at` on, fewer where the row ends. */
  stretch(at: number, count: number): ByteSource[] {
    const width = DTYPE_BYTES[this.dtype];
    const [start, end] = [at * width, (at + count) * width];
    const found: ByteSource[] = [];
    let offset = 0;
    for (const part of this.#parts) {
      this.#options.budget.work(1);
      const [from, to] = [Math.max(start, offset), Math.min(end, offset + part.size)];
      if (from < to) found.push(new SliceSource(part, from - offset, to - from, part.name));
      offset += part.size;
    }
    return found;
  }
}
