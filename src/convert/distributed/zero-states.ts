import { AssayError } from '../../core/index.ts';
import { startsWith } from '../../formats/index.ts';
import {
  argsOf,
  calleeName,
  dictOf,
  type Inert,
  type InertDict,
  isKind,
  sequenceOf,
  wholeCount,
} from '../../formats/pickle/inert/index.ts';
import { type InputFile, KeptValues, type Tensor, type TensorReadOptions } from '../tensors/index.ts';
import { type Checkpoint, openLegacy, openZip, rebuilt, TORCH_CALLS } from '../torch/index.ts';

/** The name and shape of a parameter, in the order in which their elements stand. */
export interface NamedShape {
  readonly name: string;
  readonly shape: readonly number[];
}

/** What DeepSpeed saves of a model in one process (deepspeed/runtime/engine.py). */
export interface ModelStates {
  readonly buffers: readonly Tensor[];
  /** The parameters of each group. */
  readonly groups: readonly (readonly NamedShape[])[];
  readonly frozen: readonly NamedShape[];
  fragment(name: string): Tensor;
  /** Names of one parameter: the second is saved. */
  readonly shared: readonly (readonly [string, string])[];
}

/** What DeepSpeed saves of an optimizer in one process. */
export interface OptimizerStates {
  readonly stage: number;
  readonly processes: number;
  /** The elements of each group that the process holds, in float32. */
  readonly groups: readonly Tensor[];
  /** Elements between parameters, of each group. */
  readonly paddings: readonly (readonly number[])[] | undefined;
}

/** One file of `torch.save`, and what is kept of it. */
class StateFile {
  readonly path: string;
  readonly #checkpoint: Checkpoint;
  readonly #salvage: boolean;
  readonly #kept = new KeptValues(TORCH_CALLS);

  private constructor({ path }: InputFile, checkpoint: Checkpoint, salvage: boolean) {
    this.path = path;
    this.#checkpoint = checkpoint;
    this.#salvage = salvage;
  }

  static async open(file: InputFile, options: TensorReadOptions): Promise<StateFile> {
    const { source } = file;
    const head = await source.read(0, Math.min(4, source.size));
    const open = startsWith(head, 'PK\x03\x04') ? openZip : openLegacy;
    return new StateFile(file, await open(source, options), options.salvage);
  }

  refuse(what: string): AssayError {
    return new AssayError('malformed', what, { subject: this.path });
  }

  top(): InertDict {
    return this.dict(this.#checkpoint.pickle.value, 'the file');
  }

  dict(value: Inert | undefined, what: string): InertDict {
    const dict = dictOf(value);
    if (value === undefined || dict === undefined) throw this.refuse(`${what} is not a dict`);
    this.#kept.add(value);
    return dict;
  }

  list(value: Inert | undefined, what: string): readonly Inert[] {
    const items = sequenceOf(value);
    if (value === undefined || items === undefined) throw this.refuse(`${what} is not a list`);
    this.#kept.add(value);
    return items;
  }

  tensor(value: Inert | undefined, name: string): Tensor {
    const found = isKind(value, 'object') ? rebuilt(value, name, this.#checkpoint) : undefined;
    if (value === undefined || found?.kind !== 'tensor') {
      const why = found?.kind === 'refused' ? found.why : 'no tensor';
      throw new AssayError('unsupported', `${name} is ${why}`, { subject: this.path });
    }
    this.#kept.addTensor(value);
    return found.tensor;
  }

  shapes(value: Inert | undefined, what: string): NamedShape[] {
    return [...this.dict(value, what).entries()].map(([name, size]) => {
      const call = isKind(size, 'object') && calleeName(size) === 'torch.Size' ? argsOf(size)?.[0] : size;
      const shape = sequenceOf(call)?.map(wholeCount);
      const known = shape?.filter((count) => count !== undefined);
      if (typeof name !== 'string' || known === undefined || known.length !== shape?.length)
        throw this.refuse(`${what} does not contain names and shapes`);
      this.#kept.add(size);
      return { name, shape: known };
    });
  }

  /** Of a salvage: a call could have changed what was kept. */
  finish(): void {
    if (!this.#salvage) return;
    this.#kept.refuseChanged(this.#checkpoint.pickle.calls, this.path);
  }
}

/** @throws AssayError `malformed` for a file of another form */
export async function readModelStates(input: InputFile, options: TensorReadOptions): Promise<ModelStates> {
  const file = await StateFile.open(input, options);
  const state = file.top();
  const names = new Set(file.list(state.get('buffer_names'), 'buffer_names'));
  const module = file.dict(state.get('module'), 'module');
  const buffers = [...module.entries()].flatMap(([name, value]) =>
    typeof name === 'string' && names.has(name) ? [file.tensor(value, name)] : [],
  );
  const shapes = state.get('param_shapes');
  const groups = (dictOf(shapes) === undefined ? file.list(shapes, 'param_shapes') : [shapes]).map((group) =>
    file.shapes(group, 'param_shapes'),
  );
  const frozenShapes = state.get('frozen_param_shapes') ?? null;
  const frozen = frozenShapes === null ? [] : file.shapes(frozenShapes, 'frozen_param_shapes');
  const fragments =
    frozen.length === 0 ? undefined : file.dict(state.get('frozen_param_fragments'), 'frozen_param_fragments');
  const pieces = new Map(frozen.map(({ name }) => [name, file.tensor(fragments?.get(name), name)]));
  const shared = state.get('shared_params') ?? null;
  const pairs = shared === null ? [] : [...file.dict(shared, 'shared_params').entries()];
  file.finish();
  return {
    buffers,
    groups,
    frozen,
    fragment(name) {
      const found = pieces.get(name);
      if (found === undefined) throw file.refuse(`has no fragment of ${name}`);
      return found;
    },
    shared: pairs.map(([name, saved]) => {
      if (typeof name !== 'string' || typeof saved !== 'string')
        throw file.refuse('shared_params does not contain names');
      return [name, saved] as const;
    }),
  };
}

/** @throws AssayError `malformed` for a file of another form */
export async function readOptimizerStates(input: InputFile, options: TensorReadOptions): Promise<OptimizerStates> {
  const file = await StateFile.open(input, options);
  const state = file.dict(file.top().get('optimizer_state_dict'), 'optimizer_state_dict');
  const stage = wholeCount(state.get('zero_stage'));
  if (stage === undefined || stage > 3) throw file.refuse('does not name the stage of ZeRO');
  const count = state.get('partition_count');
  const counts = (sequenceOf(count) ?? [count]).map((one) => wholeCount(one) ?? 0);
  const key = stage === 3 ? 'fp32_flat_groups' : 'single_partition_of_fp32_groups';
  const groups = file.list(state.get(key), key).map((value, index) => file.tensor(value, `${key}.${index}`));
  const given = state.get('param_alignment_paddings') ?? null;
  const paddings =
    given === null
      ? undefined
      : file.list(given, 'param_alignment_paddings').map((group) =>
          file.list(group, 'param_alignment_paddings').map((padding) => {
            const elements = wholeCount(padding);
            if (elements === undefined) throw file.refuse('param_alignment_paddings does not contain counts');
            return elements;
          }),
        );
  file.finish();
  return { stage, processes: counts.reduce((most, one) => Math.max(most, one), 0), groups, paddings };
}
