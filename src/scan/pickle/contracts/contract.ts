import type { PickleState } from '../../../formats/pickle/state.ts';
import type { GlobalName, Value } from '../../../formats/pickle/values.ts';
import type { ListedGlobal } from '../allowlists.ts';

/** What a contract may ask about the arguments of a call. */
export interface ContractContext {
  readonly state: PickleState;
  /** The list entry of a global value; `undefined` for unlisted globals and all other values. */
  listed(of: Value): ListedGlobal | undefined;
  /** The same, of a name that is a value or a class and runs no contract of its own. */
  plain(of: Value | undefined): ListedGlobal | undefined;
  /** Whether a global is on no list and not known to be dangerous: it has a finding of its own, and that is all there is to say. */
  unlisted(of: Value): boolean;
  /** The global that a call's result came from. */
  madeBy(of: Value): GlobalName | undefined;
  /** Has a byte string scanned as a file of its own. */
  scanBytes(of: Value): void;
}

/** @returns what is wrong with the arguments; `undefined` when they keep the contract */
export type Contract = (args: readonly Value[], context: ContractContext) => string | undefined;

export function textAt(args: readonly Value[], index: number, context: ContractContext): string | undefined {
  const arg = args[index];
  return arg === undefined ? undefined : context.state.text(arg);
}
