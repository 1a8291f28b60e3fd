import { type Call, type GlobalName, type PickleState, TUPLE, type Value } from '../../formats/pickle/index.ts';
import { isConstant, type ListedGlobal } from '../lists/index.ts';
import { type ContractContext, judgedArguments } from './contracts/index.ts';
import { isNew } from './judge-names.ts';
import { callableResult, Received, type TypeViolation } from './types/index.ts';

/** Approximate memory for the facts about one callable or special key. */
const NAME_BYTES = 160;

/** The values that listed names of a stream receive, and those of them that they must not receive. */
export class HandedValues {
  readonly #received = new Received();
  /** Calls by their offset that return something that can be called, and special keys by theirs. */
  readonly #callables = new Map<number, string>();
  readonly #specialKeys = new Map<number, string>();

  /** Keeps what a listed name is called with, and whether it returns something that can be called. */
  call(call: Call, entry: ListedGlobal, machine: PickleState, context: ContractContext): void {
    const args = machine.tuple(call.args) ?? [call.args];
    const name = callableResult(entry, args, context);
    if (machine.waits) return;
    const at = machine.fileOffset(call.offset);
    if (name !== undefined) {
      const known = this.#callables.get(call.offset);
      if (known === undefined) machine.budget.hold(NAME_BYTES);
      // Two readings may call different things at one offset.
      this.#callables.set(call.offset, known === undefined || known === name ? name : '?');
    }
    const use = isNew(call, args) ? 'new' : 'call';
    const judged = judgedArguments(entry);
    if (judged === 0 || call.args.kind !== TUPLE) this.#received.give(entry, use, call.args, at, machine);
    else for (const arg of args.slice(judged)) this.#received.give(entry, use, arg, at, machine);
    if (call.kwargs !== undefined) this.#received.give(entry, use, call.kwargs, at, machine);
  }

  state(entry: ListedGlobal, state: Value, offset: number, machine: PickleState): void {
    this.#received.give(entry, 'build', state, offset, machine);
  }

  items(entry: ListedGlobal, items: Value, offset: number, machine: PickleState): void {
    this.#received.give(entry, 'items', items, offset, machine);
  }

  specialKey(key: Value, name: string, machine: PickleState): void {
    if (!this.#specialKeys.has(key.ref)) machine.budget.hold(NAME_BYTES);
    this.#specialKeys.set(key.ref, name);
  }

  /** @param listed the entry of a global that is on a list */
  violations(machine: PickleState, listed: (global: GlobalName) => ListedGlobal | undefined): Iterable<TypeViolation> {
    return this.#received.violations(machine, {
      callableName: (global) => {
        const entry = listed(global);
        return entry === undefined || isConstant(entry) ? undefined : `${entry.module}:${entry.name}`;
      },
      callableMadeAt: (offset) => this.#callables.get(offset),
      specialKey: (ref) => this.#specialKeys.get(ref),
    });
  }
}
