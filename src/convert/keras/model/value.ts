import type { DataType } from '../../../formats/onnx/index.ts';
import { type GraphSize, type GraphTensor, type Network, transpose } from '../../network/index.ts';

/**
 * A tensor between layers. Keras has the channels last, ONNX has them second: each form is made when it is asked for, so that layers
 * that take the same one have no transposition between them.
 */
export class KerasValue {
  /** The shape in Keras. */
  readonly shape: readonly GraphSize[];
  readonly type: DataType;
  /** Which steps count, [batch, steps]; absent where all do. */
  readonly mask: GraphTensor | undefined;
  #plain: GraphTensor | undefined;
  #moved: GraphTensor | undefined;

  private constructor(
    shape: readonly GraphSize[],
    type: DataType,
    forms: { readonly plain?: GraphTensor; readonly moved?: GraphTensor },
    mask: GraphTensor | undefined,
  ) {
    this.shape = shape;
    this.type = type;
    this.mask = mask;
    this.#plain = forms.plain;
    this.#moved = forms.moved;
  }

  /** Of a tensor whose dimensions are in the order of Keras. */
  static of(plain: GraphTensor, mask?: GraphTensor): KerasValue {
    return new KerasValue(plain.shape, plain.type, { plain }, mask);
  }

  /** Of a tensor whose channels are second, and last in Keras. */
  static ofMoved(moved: GraphTensor, mask?: GraphTensor): KerasValue {
    const [batch, channels, ...space] = moved.shape;
    return new KerasValue([batch, ...space, channels], moved.type, { moved }, mask);
  }

  /** Whether it is at hand with its channels second. */
  get isMoved(): boolean {
    return this.#moved !== undefined;
  }

  plain(net: Network): GraphTensor {
    if (this.#plain === undefined && this.#moved !== undefined) {
      const last = this.#moved.shape.length - 1;
      const perm = [0, ...Array.from({ length: last - 1 }, (_, i) => i + 2), 1];
      this.#plain = transpose(net, this.#moved, perm);
    }
    if (this.#plain === undefined) throw net.broken('a tensor has no form');
    return this.#plain;
  }

  /** Of three dimensions and more, the channels second. */
  moved(net: Network): GraphTensor {
    if (this.#moved === undefined) {
      const plain = this.plain(net);
      const last = plain.shape.length - 1;
      this.#moved = transpose(net, plain, [0, last, ...Array.from({ length: last - 1 }, (_, i) => i + 1)]);
    }
    return this.#moved;
  }

  withMask(mask: GraphTensor | undefined): KerasValue {
    const forms = {
      ...(this.#plain === undefined ? {} : { plain: this.#plain }),
      ...(this.#moved === undefined ? {} : { moved: this.#moved }),
    };
    return new KerasValue(this.shape, this.type, forms, mask);
  }

  /** The result of what treats every element alike, in the form that is at hand. */
  map(net: Network, change: (x: GraphTensor) => GraphTensor): KerasValue {
    return this.isMoved
      ? KerasValue.ofMoved(change(this.moved(net)), this.mask)
      : KerasValue.of(change(this.plain(net)), this.mask);
  }

  /** As numbers that a model computes with. */
  real(net: Network): KerasValue {
    return this.type === 'float32' ? this : this.map(net, (x) => net.cast(x, 'float32'));
  }
}
