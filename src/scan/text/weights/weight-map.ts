import { type ShardsFact, tensorNames } from '../../scanner/index.ts';

/** CWE-770: files that one index names, its tensors, and the characters of their names. */
const MAX_FILES = 100_000;
const MAX_TENSORS = 500_000;
const MAX_CHARACTERS = 16 * 1024 * 1024;

/** Which file each tensor of a model in several files is in, as its index says (`weight_map`). */
export class WeightMap {
  readonly #tensors = new Map<string, string[]>();
  #count = 0;
  #characters = 0;
  /** What was more than is kept. */
  excess: string | undefined;

  get files(): ReadonlySet<string> {
    return new Set(this.#tensors.keys());
  }

  add(tensor: string, file: string): void {
    this.#count++;
    this.#characters += tensor.length;
    const known = this.#tensors.get(file);
    if (known === undefined && this.#tensors.size >= MAX_FILES) this.excess = `names more than ${MAX_FILES} files`;
    else if (this.#count > MAX_TENSORS || this.#characters > MAX_CHARACTERS)
      this.excess = `names more than ${MAX_TENSORS} tensors, or ${MAX_CHARACTERS} characters of names`;
    else if (known === undefined) this.#tensors.set(file, [tensor]);
    else known.push(tensor);
  }

  /** `undefined` where there is no index, or only a part of one. */
  fact(): ShardsFact | undefined {
    if (this.#tensors.size === 0 || this.excess !== undefined) return undefined;
    const files = [...this.#tensors].map(([path, names]) => ({ path, tensors: tensorNames(names) }));
    return { kind: 'shards', files };
  }
}
