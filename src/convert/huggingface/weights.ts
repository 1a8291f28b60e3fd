import { AssayError, quotedName } from '../../core/index.ts';
import type { Tensor } from '../tensors/index.ts';

/** A size, or `undefined` for any. */
type Expected = number | undefined;

/** The tensors of a model by name. Each is used, or is on the list of those that change nothing. */
export class ModelWeights {
  readonly #tensors: ReadonlyMap<string, Tensor>;
  readonly #subject: string;
  readonly #used = new Set<string>();

  /** @param subject the file, for messages */
  constructor(tensors: ReadonlyMap<string, Tensor>, subject: string) {
    this.#tensors = tensors;
    this.#subject = subject;
  }

  has(name: string): boolean {
    return this.#tensors.has(name);
  }

  /** `prefix` when tensors have it, else nothing: a base model is saved without it. */
  prefix(prefix: string): string {
    for (const name of this.#tensors.keys()) if (name.startsWith(prefix)) return prefix;
    return '';
  }

  /**
   * @param shape its sizes
   * @throws AssayError `malformed` for a tensor that is absent, or of another shape
   */
  take(name: string, shape: readonly Expected[]): Tensor {
    const tensor = this.#tensors.get(name);
    if (tensor === undefined) throw this.#broken(`has no tensor ${quotedName(name)}`);
    const fits =
      tensor.shape.length === shape.length && shape.every((size, i) => size === undefined || tensor.shape[i] === size);
    if (!fits) {
      const sizes = shape.map((size) => size ?? '?').join(', ');
      throw this.#broken(`${quotedName(name)} has the shape [${tensor.shape.join(', ')}] instead of [${sizes}]`);
    }
    this.#used.add(name);
    return tensor;
  }

  /** A tensor that has to be another one under a second name, where it is there: tied weights are saved once, or twice. */
  tied(name: string, to: string): void {
    const [tensor, other] = [this.#tensors.get(name), this.#tensors.get(to)];
    if (tensor === undefined) return;
    this.#used.add(name);
    const same =
      other !== undefined &&
      tensor.bytes === other.bytes &&
      tensor.offset === other.offset &&
      tensor.dtype === other.dtype &&
      `${tensor.shape}` === `${other.shape}` &&
      `${tensor.strides}` === `${other.strides}`;
    if (!same)
      throw new AssayError(
        'unsupported',
        `${quotedName(name)} and ${quotedName(to)} are tied, and are two tensors in the file`,
        {
          subject: this.#subject,
          hint: 'load the model, and save it again',
        },
      );
  }

  /** @throws AssayError `unsupported` for a tensor that nothing has used. @param others names of those that do not matter */
  refuseOthers(others: RegExp | undefined): void {
    for (const name of this.#tensors.keys())
      if (!this.#used.has(name) && others?.test(name) !== true)
        throw new AssayError(
          'unsupported',
          `has the tensor ${quotedName(name)}, which the architecture of config.json does not use`,
          {
            subject: this.#subject,
            hint: 'load the model with its own class, and save it again',
          },
        );
  }

  #broken(what: string): AssayError {
    return new AssayError('malformed', what, { subject: this.#subject });
  }
}
