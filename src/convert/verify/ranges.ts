import type { FileBudget } from '../../core/index.ts';
import type { InputRange } from '../../formats/arrays/index.ts';
import {
  byteLength,
  elementCount,
  type OnnxAttributeValue,
  type OnnxModel,
  type OnnxNode,
  type OnnxTensor,
  tensorBytes,
} from '../../formats/onnx/index.ts';
import { affine, before, ColumnFacts, type ColumnPlace } from './places.ts';

/** Larger constants are weights, which say nothing about a column. */
const MAX_CONSTANT = 65_536;
const MAX_COLUMNS = 65_536;
/** Numbers that have a logarithm and a root. */
const POSITIVE = [0.125, 4] as const;

/**
 * The ranges of the inputs of a model, from what its first operators compare and scale: bounds of trees, means and scales, known
 * categories, rows of tables. An input without any is `[]`.
 */
export async function rangesOf(
  model: OnnxModel,
  budget: FileBudget,
): Promise<ReadonlyMap<string, readonly (InputRange | undefined)[]>> {
  const walk = new RangeWalk(model, budget);
  for (const node of model.graph.nodes) await walk.visit(node);
  return new Map([...walk.columns].map(([name, columns]) => [name, columns.map((one) => one.range())]));
}

type Attributes = ReadonlyMap<string, OnnxAttributeValue>;

class RangeWalk {
  readonly columns = new Map<string, ColumnFacts[]>();
  readonly #places = new Map<string, readonly ColumnPlace[]>();
  readonly #constants: ReadonlyMap<string, OnnxTensor>;
  readonly #budget: FileBudget;

  constructor({ graph }: OnnxModel, budget: FileBudget) {
    this.#budget = budget;
    this.#constants = new Map(graph.initializers.map((tensor) => [tensor.name, tensor]));
    for (const { name, type } of graph.inputs) {
      const shape = type?.kind === 'tensor' ? (type.shape ?? []) : [];
      const width = shape.length === 2 ? shape[1]?.size : undefined;
      const count = typeof width === 'number' && width <= MAX_COLUMNS ? width : 1;
      const columns = Array.from({ length: count }, () => new ColumnFacts());
      this.columns.set(name, columns);
      this.#places.set(
        name,
        columns.map((column) => ({ column, factor: 1, offset: 0 })),
      );
    }
  }

  async visit(node: OnnxNode): Promise<void> {
    const { op, inputs, outputs } = node;
    this.#budget.work(16 + inputs.length);
    const [first = '', second = ''] = inputs;
    const [result = ''] = outputs;
    const attributes: Attributes = new Map(
      node.attributes.flatMap((one) => (one.type === 'reference' ? [] : [[one.name, one] as const])),
    );
    switch (op) {
      case 'Cast':
      case 'Identity':
        this.#put(result, this.#places.get(first));
        return;
      case 'Gather':
        await this.#gather(first, second, result, attributes);
        return;
      case 'Concat': {
        const parts = inputs.map((name) => this.#places.get(name));
        if (parts.every((part) => part !== undefined)) this.#put(result, parts.flat());
        return;
      }
      case 'Add':
      case 'Sub':
      case 'Mul':
      case 'Div':
        await this.#arithmetic(op, first, second, result);
        return;
      case 'Less':
      case 'LessOrEqual':
      case 'Greater':
      case 'GreaterOrEqual':
        await this.#compared(first, second, (column, value) => column.bound(value));
        return;
      case 'Equal':
        // One constant is a mark, such as that of a missing value; several are categories.
        await this.#compared(first, second, (column, value, alone) =>
          alone ? column.bound(value) : column.value(value),
        );
        return;
      case 'Log':
      case 'Sqrt':
        this.#positive(first);
        return;
      case 'Pow':
        if ((await this.#numbers(second))?.every((power) => Number.isInteger(power) && power >= 0) === false)
          this.#positive(first);
        return;
      case 'LabelEncoder':
        this.#known(this.#places.get(first), attributes);
        return;
      case 'TreeEnsembleRegressor':
      case 'TreeEnsembleClassifier':
        await this.#trees(this.#places.get(first), attributes);
    }
  }

  #put(name: string, places: readonly ColumnPlace[] | undefined): void {
    if (places === undefined || places.length > MAX_COLUMNS) return;
    this.#budget.hold(64 * places.length);
    this.#places.set(name, places);
  }

  async #gather(data: string, indices: string, result: string, attributes: Attributes): Promise<void> {
    const axis = attributes.get('axis');
    const places = this.#places.get(data);
    if (places !== undefined && axis?.type === 'int' && axis.value === 1n) {
      const chosen = (await this.#numbers(indices))?.map((index) => places[index < 0 ? index + places.length : index]);
      if (chosen?.every((place) => place !== undefined)) this.#put(result, chosen);
      return;
    }
    // Rows of a table: an index is one of them.
    const table = this.#constants.get(data);
    const rows = table?.dims[0];
    if (rows === undefined || rows === 0 || (axis?.type === 'int' && axis.value !== 0n)) return;
    for (const { column, factor, offset } of this.#places.get(indices) ?? [])
      if (factor === 1 && offset === 0) column.rows(rows);
  }

  async #arithmetic(op: 'Add' | 'Sub' | 'Mul' | 'Div', first: string, second: string, result: string): Promise<void> {
    const places = this.#places.get(first) ?? (op === 'Add' || op === 'Mul' ? this.#places.get(second) : undefined);
    const values = await this.#numbers(this.#places.has(first) ? second : first);
    if (places === undefined || values === undefined) return;
    if (values.length !== 1 && values.length !== places.length) return;
    switch (op) {
      case 'Add':
        return this.#put(result, affine(places, [1], values));
      case 'Sub':
        return this.#put(
          result,
          affine(
            places,
            [1],
            values.map((value) => -value),
          ),
        );
      case 'Mul':
        return this.#put(result, affine(places, values, [0]));
      case 'Div':
        return this.#put(
          result,
          affine(
            places,
            values.map((value) => 1 / value),
            [0],
          ),
        );
    }
  }

  /** A constant for each column, or several for the only one. */
  async #compared(
    first: string,
    second: string,
    note: (column: ColumnFacts, value: number, alone: boolean) => void,
  ): Promise<void> {
    const places = this.#places.get(first) ?? this.#places.get(second);
    const values = await this.#numbers(this.#places.has(first) ? second : first);
    if (places === undefined || values === undefined) return;
    if (values.length !== 1 && places.length !== 1 && values.length !== places.length) return;
    const count = Math.max(values.length, places.length);
    this.#budget.work(count);
    for (let i = 0; i < count; i++) {
      const place = places[places.length === 1 ? 0 : i];
      const value = values[values.length === 1 ? 0 : i];
      if (place !== undefined && value !== undefined)
        note(place.column, before(place, value), places.length > 1 || values.length === 1);
    }
  }

  #positive(name: string): void {
    for (const place of this.#places.get(name) ?? []) {
      const ends = POSITIVE.map((value) => before(place, value));
      place.column.within(Math.min(...ends), Math.max(...ends));
    }
  }

  /** The keys that an encoder knows. */
  #known(places: readonly ColumnPlace[] | undefined, attributes: Attributes): void {
    if (places === undefined) return;
    const strings = attributes.get('keys_strings');
    const texts = strings?.type === 'strings' ? strings.value.map((bytes) => Buffer.from(bytes).toString()) : [];
    const keys = attributes.get('keys_int64s') ?? attributes.get('keys_floats');
    const numbers = keys?.type === 'ints' || keys?.type === 'floats' ? Array.from(keys.value, Number) : [];
    this.#budget.work(places.length * (texts.length + numbers.length));
    for (const place of places) {
      for (const text of texts) place.column.value(text);
      for (const number of numbers) place.column.value(before(place, number));
    }
  }

  async #trees(places: readonly ColumnPlace[] | undefined, attributes: Attributes): Promise<void> {
    const features = attributes.get('nodes_featureids');
    const modes = attributes.get('nodes_modes');
    if (places === undefined || features?.type !== 'ints' || modes?.type !== 'strings') return;
    const plain = attributes.get('nodes_values');
    const wide = attributes.get('nodes_values_as_tensor');
    const bounds =
      plain?.type === 'floats' ? plain.value : wide?.type === 'tensor' ? await this.#decoded(wide.value) : undefined;
    if (bounds === undefined) return;
    this.#budget.work(features.value.length);
    for (let i = 0; i < features.value.length; i++) {
      const mode = modes.value[i];
      const place = places[Number(features.value[i])];
      if (mode === undefined || place === undefined || Buffer.from(mode).toString() === 'LEAF') continue;
      place.column.bound(before(place, bounds[i] ?? Number.NaN));
    }
  }

  async #numbers(name: string): Promise<readonly number[] | undefined> {
    const tensor = this.#constants.get(name);
    if (tensor === undefined || elementCount(tensor.dims, name) > MAX_CONSTANT) return undefined;
    const decoded = await this.#decoded(tensor);
    return decoded === undefined ? undefined : Array.from(decoded);
  }

  async #decoded(tensor: OnnxTensor): Promise<ArrayLike<number> | undefined> {
    const { type } = tensor;
    if (type !== 'float32' && type !== 'float64' && type !== 'int64') return undefined;
    const length = byteLength(type, elementCount(tensor.dims, tensor.name));
    const bytes = Uint8Array.from(await tensorBytes(tensor, { budget: this.#budget }));
    this.#budget.release(length);
    if (type === 'float32') return new Float32Array(bytes.buffer);
    return type === 'float64' ? new Float64Array(bytes.buffer) : Array.from(new BigInt64Array(bytes.buffer), Number);
  }
}
