import { AssayError, quotedName } from '../../core/index.ts';
import type { LeftOut, Tensor, TensorSet } from './tensor.ts';

const MAX_TENSORS = 1_000_000;
/** Longer names are in no model. */
const MAX_NAME = 4_096;
/** Values left out that are named. */
const MAX_LEFT_OUT = 10_000;

const WITHOUT_IT = 'save the model without it, or use --salvage, which leaves it out and names it';

export interface ListOptions {
  /** The file, for messages. */
  readonly subject: string;
  /** Leave out what cannot be written. */
  readonly salvage: boolean;
}

/** Collects what a source holds, and checks the names. */
export class TensorList {
  readonly #options: ListOptions;
  readonly #tensors = new Map<string, Tensor>();
  readonly #leftOut: LeftOut[] = [];

  constructor(options: ListOptions) {
    this.#options = options;
  }

  /** @throws AssayError `unsupported` for a name that safetensors does not have, or that occurs twice; `limit` */
  add(tensor: Tensor): void {
    const { name } = tensor;
    if (name === '' || name === '__metadata__' || name.length > MAX_NAME || !isWellFormed(name))
      throw this.#refuse(`${quotedName(name)} cannot be the name of a tensor in safetensors`);
    if (this.#tensors.has(name)) throw this.#refuse(`two tensors have the name ${quotedName(name)}`);
    if (this.#tensors.size >= MAX_TENSORS) throw new AssayError('limit', `more than ${MAX_TENSORS} tensors`);
    this.#tensors.set(name, tensor);
  }

  /** A tensor of a form that safetensors does not have. @throws AssayError `unsupported` unless `salvage` leaves it out */
  refuse(why: string, path: string, hint: string = WITHOUT_IT): void {
    if (!this.#options.salvage) {
      throw new AssayError('unsupported', `${quotedName(path)} is ${why}, which safetensors does not have`, {
        subject: this.#options.subject,
        hint,
      });
    }
    this.leave(why, path);
  }

  /** Something that is not a tensor. @throws AssayError `limit` */
  leave(what: string, path: string): void {
    if (this.#leftOut.length >= MAX_LEFT_OUT)
      throw new AssayError('limit', `more than ${MAX_LEFT_OUT} values are not tensors`);
    this.#leftOut.push({ path, what });
  }

  result(): TensorSet {
    return { tensors: [...this.#tensors.values()], leftOut: this.#leftOut };
  }

  #refuse(what: string): AssayError {
    return new AssayError('unsupported', what, { subject: this.#options.subject });
  }
}

function isWellFormed(text: string): boolean {
  return !/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/.test(text);
}
