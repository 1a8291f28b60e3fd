import type { FileBudget } from '../../core/index.ts';
import type { GlobalName } from './values.ts';

/** Bytes that an entry costs, about. */
const ENTRY_BYTES = 64;

/** The globals that a stream names, each once, and how often each was put on the stack. */
export class GlobalTable {
  readonly list: GlobalName[] = [];
  readonly pushes = new Map<number, number>();
  /** Bytes that are charged to the budget. */
  bytes = 0;
  readonly #ids = new Map<string, number>();
  readonly #budget: FileBudget;

  constructor(budget: FileBudget) {
    this.#budget = budget;
  }

  /** The cost of a copy, which its maker is charged. */
  get entries(): number {
    return this.list.length + this.pushes.size;
  }

  /** The index of a name, new to the stream or not. `undefined` names are computed ones. */
  idOf(
    module: string | undefined,
    name: string | undefined,
    mapped: boolean,
    offset: number,
  ): { id: number; isNew: boolean } {
    const computed = module === undefined || name === undefined;
    const key = computed ? `\0${offset}` : `${mapped ? 2 : 3}${module}\0${name}`;
    this.#budget.work(key.length);
    const known = this.#ids.get(key);
    if (known !== undefined) return { id: known, isNew: false };
    const bytes = 2 * key.length + 4 * ENTRY_BYTES;
    this.#budget.hold(bytes);
    this.bytes += bytes;
    const id = this.list.length;
    this.#ids.set(key, id);
    this.list.push({ id, module: module ?? '?', name: name ?? '?', computed, mapped, offset });
    return { id, isNew: true };
  }

  countPush(id: number): void {
    this.pushes.set(id, (this.pushes.get(id) ?? 0) + 1);
  }

  /** A copy with the same names; the maker charges its budget. */
  copy(): GlobalTable {
    const copy = new GlobalTable(this.#budget);
    copy.list.push(...this.list);
    for (const [id, count] of this.pushes) copy.pushes.set(id, count);
    for (const [key, id] of this.#ids) copy.#ids.set(key, id);
    return copy;
  }
}
