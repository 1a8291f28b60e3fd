import { type Call, GLOBAL, type GlobalName, type PickleState, type Value } from '../../formats/pickle/index.ts';
import type { Standing } from '../lists/index.ts';
import { CALLERS, CONTRACTS, makerOf } from './contracts/index.ts';

const NAMELESS = { module: '', name: '' };

/** How often each global of a stream was called, so that those that are kept as values stand out. */
export class CallCounts {
  readonly #called = new Map<number, number>();

  /**
   * Counts a call that takes place. Some functions call their first argument, and their contract covers that call.
   *
   * @param withCode whether the stream names something that makes code by value
   */
  note(call: Call, machine: PickleState, withCode: boolean): void {
    if (call.callee.kind !== GLOBAL) return;
    this.#count(call.callee);
    const global = machine.global(call.callee);
    const isCaller =
      (withCode && makerOf(global ?? NAMELESS) === 'class') || CALLERS.has(`${global?.module}:${global?.name}`);
    const [inner] = isCaller ? (machine.tuple(call.args) ?? []) : [];
    if (inner?.kind === GLOBAL) this.#count(inner);
  }

  /**
   * The listed globals that the stream keeps, although a contract covers only their calls: code that finds such a function can call it
   * with any arguments.
   */
  kept(machine: PickleState, standingOf: (global: GlobalName) => Standing): readonly GlobalName[] {
    return machine.globals.filter((global) => {
      const standing = standingOf(global);
      if (standing.kind !== 'listed' || standing.entry.uses.has('import')) return false;
      if (!CONTRACTS.has(`${standing.entry.module}:${standing.entry.name}`)) return false;
      return (machine.pushes.get(global.id) ?? 0) > (this.#called.get(global.id) ?? 0);
    });
  }

  #count(callee: Value): void {
    this.#called.set(callee.ref, (this.#called.get(callee.ref) ?? 0) + 1);
  }
}
