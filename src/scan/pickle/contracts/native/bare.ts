import { type Call, OBJECT, type PickleState, type Value } from '../../../../formats/pickle/index.ts';
import type { ListedGlobal } from '../../../lists/index.ts';
import { isClassFirst } from '../class-first.ts';
import { type Breach, unexpected } from '../contract.ts';
import { firstName, needsState } from './states.ts';

const BYTES = 96;
/** The maximum number of nested tuples that are checked. */
const DEPTH = 3;

/** Instances of native classes that have no state yet: code that uses one reads memory that was never initialised. */
export class Bare {
  /** By the offset of the call that made each: its class. */
  readonly #left = new Map<number, string>();

  made(call: Call, entry: ListedGlobal, machine: PickleState): void {
    const full = `${entry.module}:${entry.name}`;
    const name = needsState(full) ? full : isClassFirst(entry.name) ? firstName(call.args, machine) : undefined;
    if (name === undefined || !needsState(name)) return;
    if (!this.#left.has(call.offset)) machine.budget.hold(BYTES);
    this.#left.set(call.offset, name.replace(':', '.'));
  }

  built(target: Value, machine: PickleState): void {
    if (this.#left.delete(machine.cells.refs[target.ref] ?? -1)) machine.budget.release(BYTES);
  }

  /** After the stream: the instances without a state. */
  close(machine: PickleState): readonly (readonly [offset: number, name: string])[] {
    const left = [...this.#left];
    this.#left.clear();
    machine.budget.release(BYTES * left.length);
    return left;
  }

  /** The fault of values that a function receives. */
  handed(values: readonly Value[], machine: PickleState, depth = DEPTH): Breach | undefined {
    if (this.#left.size === 0) return undefined;
    for (const value of values) {
      const name = value.kind === OBJECT ? this.#left.get(machine.cells.refs[value.ref] ?? -1) : undefined;
      if (name !== undefined) return unexpected(`it is given an instance of ${name} whose state is not set yet`);
      const inner = depth > 0 ? machine.tuple(value) : undefined;
      const found = inner === undefined ? undefined : this.handed(inner, machine, depth - 1);
      if (found !== undefined) return found;
    }
    return undefined;
  }
}
