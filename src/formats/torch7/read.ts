import type { ByteSource } from '../../core/bytes/index.ts';
import { AssayError, type FileBudget } from '../../core/index.ts';
import { Torch7Input } from './input.ts';

export interface Torch7Part {
  readonly name: string;
  /** Where the first of them stands. */
  readonly at: number;
}

/** What is known of a file so far. */
export interface Torch7Facts {
  /** Where each function begins. */
  readonly functions: number[];
  /** Classes by name, but for tensors and storages. */
  readonly classes: Map<string, Torch7Part>;
  tensors: number;
}

const [NIL, NUMBER, STRING, TABLE, TORCH, BOOLEAN, FUNCTION, OLD_RECURSIVE, RECURSIVE] = [0, 1, 2, 3, 4, 5, 6, 7, 8];
const ARRAY = /^torch\.(Cuda)?(Double|Float|Half|Long|Int|Short|Char|Byte|)(Tensor|Storage)$/;
const SIZES: Readonly<Record<string, number>> = {
  Double: 8,
  Float: 4,
  Half: 2,
  Long: 8,
  Int: 4,
  Short: 2,
  Char: 1,
  Byte: 1,
  '': 4,
};
const MAX_DEPTH = 1_000;
const MAX_DIMENSIONS = 64;
const MAX_NAME = 120;
const MAX_KEPT = 10_000;
const OBJECT_BYTES = 96;

type Kept = { readonly kind: 'storage'; readonly type: string; readonly size: number } | { readonly kind: 'other' };

export function newTorch7Facts(): Torch7Facts {
  return { functions: [], classes: new Map(), tensors: 0 };
}

/**
 * Reads the object of a file that `torch.save` wrote to its end, as `File:readObject` does (torch/torch7, File.lua and generic/Tensor.c); nothing is built. It proves
 * that tensors stay within their storages, which Torch7 does not check. What it finds is in `facts` also when it throws.
 * @returns where it ends
 * @throws AssayError `malformed`, `truncated`, `limit`; `unsupported`: a class that reads its own bytes
 */
export async function readTorch7(
  source: ByteSource,
  isText: boolean,
  facts: Torch7Facts,
  budget: FileBudget,
): Promise<number> {
  const reader = new Torch7Reader(new Torch7Input(source, isText, budget), facts, budget);
  try {
    await reader.object(0);
    return reader.end();
  } finally {
    reader.dispose();
  }
}

class Torch7Reader {
  readonly #input: Torch7Input;
  readonly #facts: Torch7Facts;
  readonly #budget: FileBudget;
  readonly #objects = new Map<number, Kept>();
  #held = 0;

  constructor(input: Torch7Input, facts: Torch7Facts, budget: FileBudget) {
    this.#input = input;
    this.#facts = facts;
    this.#budget = budget;
  }

  end(): number {
    return this.#input.offset;
  }

  dispose(): void {
    this.#budget.release(this.#held);
    this.#held = 0;
  }

  async object(depth: number): Promise<Kept> {
    if (depth > MAX_DEPTH)
      throw new AssayError('limit', `objects are nested deeper than ${MAX_DEPTH}`, { offset: this.#input.offset });
    this.#budget.work(4);
    const at = this.#input.offset;
    const type = await this.#input.integer();
    switch (type) {
      case NIL:
        return OTHER;
      case NUMBER:
        await this.#input.double();
        return OTHER;
      case BOOLEAN:
        await this.#input.integer();
        return OTHER;
      case STRING:
        await this.#input.text(await this.#input.integer(), 0);
        return OTHER;
      case FUNCTION:
        await this.#function(depth, at);
        return OTHER;
      case TABLE:
      case TORCH:
      case RECURSIVE:
      case OLD_RECURSIVE:
        return await this.#indexed(type, depth, at);
      default:
        throw this.#input.bad(`an object of type ${type}`);
    }
  }

  async #indexed(type: number, depth: number, at: number): Promise<Kept> {
    const index = await this.#input.integer();
    const known = this.#objects.get(index);
    if (known !== undefined) return known;
    this.#budget.hold(OBJECT_BYTES);
    this.#held += OBJECT_BYTES;
    this.#objects.set(index, OTHER);
    if (type === TORCH) return await this.#torch(index, depth, at);
    if (type === TABLE) {
      const size = await this.#input.integer();
      if (size < 0) throw this.#input.bad(`a table of ${size} entries`);
      for (let i = 0; i < size; i++) {
        await this.object(depth + 1);
        await this.object(depth + 1);
      }
    } else await this.#function(depth, at);
    return OTHER;
  }

  /** Code of Lua, then the values that it closes over. */
  async #function(depth: number, at: number): Promise<void> {
    if (this.#facts.functions.length < MAX_KEPT) this.#facts.functions.push(at);
    await this.#input.text(await this.#input.integer(), 0);
    await this.object(depth + 1);
  }

  async #torch(index: number, depth: number, at: number): Promise<Kept> {
    const first = await this.#name();
    const name = /^V -?\d{1,9}$/.test(first) ? await this.#name() : first;
    const [, cuda, type = '', kind] = ARRAY.exec(name) ?? [];
    if (kind === undefined || (type === '' && cuda === undefined)) {
      const { classes } = this.#facts;
      if (!classes.has(name) && classes.size < MAX_KEPT) classes.set(name, { name, at });
      // A module for a device writes what it is on before what it is.
      if (name === 'nn.GPU') await this.object(depth + 1);
      await this.object(depth + 1);
      return OTHER;
    }
    this.#facts.tensors++;
    const kept: Kept =
      kind === 'Storage'
        ? await this.#storage(type, `${cuda ?? ''}${type}`)
        : await this.#tensor(`${cuda ?? ''}${type}`, depth);
    this.#objects.set(index, kept);
    return kept;
  }

  async #name(): Promise<string> {
    const length = await this.#input.integer();
    if (length < 0 || length > MAX_NAME) throw this.#input.bad(`a name of ${length} bytes`);
    return await this.#input.text(length, MAX_NAME);
  }

  async #storage(element: string, type: string): Promise<Kept> {
    const size = await this.#input.long();
    await this.#input.elements(size, SIZES[element] ?? 8, element === 'Char' || element === 'Byte');
    return { kind: 'storage', type, size };
  }

  async #tensor(type: string, depth: number): Promise<Kept> {
    const dimensions = await this.#input.integer();
    if (dimensions < 0 || dimensions > MAX_DIMENSIONS) throw this.#input.bad(`a tensor of ${dimensions} dimensions`);
    const sizes: number[] = [];
    const strides: number[] = [];
    for (const list of [sizes, strides]) for (let i = 0; i < dimensions; i++) list.push(await this.#input.long());
    const offset = (await this.#input.long()) - 1;
    const storage = await this.object(depth + 1);
    if (storage.kind === 'storage' && storage.type !== type)
      throw this.#input.bad(`a tensor of ${type} over a storage of ${storage.type}`);
    const room = storage.kind === 'storage' ? storage.size : 0;
    let [lowest, highest] = [offset, offset];
    for (const [axis, size] of sizes.entries()) {
      if (size < 0) throw this.#input.bad(`a side of ${size}`);
      const reach = Math.max(0, size - 1) * (strides[axis] ?? 0);
      if (reach < 0) lowest += reach;
      else highest += reach;
    }
    const isEmpty = dimensions === 0 || sizes.includes(0);
    if (!isEmpty && (lowest < 0 || highest >= room))
      throw this.#input.bad(`a tensor from element ${lowest} to ${highest} of a storage of ${room}`);
    return OTHER;
  }
}

const OTHER: Kept = { kind: 'other' };
