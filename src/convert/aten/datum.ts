import { AssayError } from '../../core/index.ts';
import type { GraphSize, GraphTensor, Network } from '../network/index.ts';

/** How a type of PyTorch is computed with: all integers in 64 bits, and all floating-point numbers in 32. */
export type AtenType = 'float32' | 'int64' | 'bool';

export interface AtenFacts {
  readonly type: AtenType;
  readonly shape: readonly GraphSize[];
  /** Integers in their order, as far as they are known before the model runs: sizes, axes, indices. */
  readonly known?: readonly GraphSize[] | undefined;
}

/** What a tensor holds at one time. It becomes a tensor of the graph when one is asked for: those that only say sizes become none. */
export class AtenDatum implements AtenFacts {
  readonly type: AtenType;
  readonly shape: readonly GraphSize[];
  readonly known: readonly GraphSize[] | undefined;
  readonly #make: () => GraphTensor;
  #made: GraphTensor | undefined;

  constructor({ type, shape, known }: AtenFacts, make: () => GraphTensor) {
    this.type = type;
    this.shape = shape;
    this.known = known;
    this.#make = make;
  }

  get tensor(): GraphTensor {
    this.#made ??= this.#make();
    return this.#made;
  }

  get rank(): number {
    return this.shape.length;
  }
}

/** A result of an operator. */
export function madeDatum(tensor: GraphTensor): AtenDatum {
  const { type } = tensor;
  if (type !== 'float32' && type !== 'int64' && type !== 'bool')
    throw new AssayError('internal', `a value of the type ${type}`);
  return new AtenDatum({ type, shape: tensor.shape }, () => tensor);
}

/** A tensor of integers, of which some may be known. */
export function integers(
  net: Network,
  shape: readonly GraphSize[],
  known: readonly GraphSize[] | undefined,
  make: () => GraphTensor,
): AtenDatum {
  const all = known?.filter((one) => typeof one === 'number');
  if (known !== undefined && all?.length === known.length) {
    const dims = shape.filter((one) => typeof one === 'number');
    return new AtenDatum({ type: 'int64', shape: dims, known }, () => net.ints(all, dims));
  }
  return new AtenDatum({ type: 'int64', shape, known }, make);
}

/** One number, as a tensor without dimensions. */
export function numberDatum(net: Network, value: number | boolean, type: AtenType): AtenDatum {
  if (type === 'int64') return integers(net, [], [Number(value)], () => net.ints([Number(value)], []));
  if (type === 'float32') return new AtenDatum({ type, shape: [] }, () => net.real(Number(value)));
  return new AtenDatum({ type, shape: [] }, () => net.cast(net.ints([Number(value)], []), 'bool'));
}
