import type { TfType } from '../../../formats/tensorflow/index.ts';
import { type GraphSize, type GraphTensor, type Network, transpose } from '../../network/index.ts';

/** How a type of TensorFlow is computed with: all integers in 64 bits, and all floating-point numbers in 32. */
export type DatumType = 'float32' | 'int64' | 'bool';

export function datumType(type: TfType): DatumType | undefined {
  switch (type) {
    case 'float32':
    case 'float64':
    case 'float16':
    case 'bfloat16':
      return 'float32';
    case 'int8':
    case 'int16':
    case 'int32':
    case 'int64':
    case 'uint8':
    case 'uint16':
      return 'int64';
    case 'bool':
      return 'bool';
    default:
      return undefined;
  }
}

interface DatumFacts {
  readonly type: DatumType;
  readonly shape: readonly GraphSize[];
  /** Integers in their order, as far as they are known before the model runs: sizes, axes, indices. */
  readonly known?: readonly GraphSize[] | undefined;
}

/**
 * A value of a graph of TensorFlow. It becomes a tensor of the ONNX graph when one is asked for, so that constants that say sizes and
 * axes become none. Images have their channels last, and second where operators of ONNX made them.
 */
export class Datum implements DatumFacts {
  readonly type: DatumType;
  readonly shape: readonly GraphSize[];
  readonly known: readonly GraphSize[] | undefined;
  readonly #make: () => GraphTensor;
  #last: GraphTensor | undefined;
  #second: GraphTensor | undefined;

  private constructor({ type, shape, known }: DatumFacts, make: () => GraphTensor, second: GraphTensor | undefined) {
    this.type = type;
    this.shape = shape;
    this.known = known;
    this.#make = make;
    this.#second = second;
  }

  /** A value that is made when it is asked for. */
  static lazy(facts: DatumFacts, make: () => GraphTensor): Datum {
    return new Datum(facts, make, undefined);
  }

  static of(tensor: GraphTensor, type: DatumType, known?: readonly GraphSize[]): Datum {
    return new Datum({ type, shape: tensor.shape, known }, () => tensor, undefined);
  }

  /** Images [N, C, sizes...], which are turned when they are asked for as TensorFlow has them. */
  static second(net: Network, second: GraphTensor): Datum {
    const rank = second.shape.length;
    const order = [0, ...axes(2, rank), 1];
    const shape = order.map((axis) => second.shape[axis]);
    return new Datum({ type: 'float32', shape }, () => transpose(net, second, order), second);
  }

  get tensor(): GraphTensor {
    this.#last ??= this.#make();
    return this.#last;
  }

  /** Whether it lies with its channels second, and nothing has asked for it in another way. */
  get isSecond(): boolean {
    return this.#second !== undefined;
  }

  channelsSecond(net: Network): GraphTensor {
    const rank = this.shape.length;
    this.#second ??= transpose(net, this.tensor, [0, rank - 1, ...axes(1, rank - 1)]);
    return this.#second;
  }
}

/** The axes `from`, ..., `to - 1`. */
export function axes(from: number, to: number): number[] {
  return Array.from({ length: Math.max(0, to - from) }, (_, index) => from + index);
}
