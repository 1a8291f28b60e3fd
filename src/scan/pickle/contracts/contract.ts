import type { GlobalName, PickleState, Value } from '../../../formats/pickle/index.ts';
import type { ListedGlobal } from '../../lists/index.ts';
import type { HandedArrow } from './handed-arrow.ts';

/** What a contract may ask about the arguments of a call. */
export interface ContractContext {
  readonly state: PickleState;
  /** What BUILD gives a state to. */
  readonly target?: Value | undefined;
  /** The list entry of a global value; `undefined` for unlisted globals and all other values. */
  listed(of: Value): ListedGlobal | undefined;
  /** The same, of a name. */
  entry(module: string, name: string): ListedGlobal | undefined;
  /** The same, of a global that is a value or a class and runs no contract of its own. */
  plain(of: Value | undefined): ListedGlobal | undefined;
  /** Whether a global is on no list and not known to be dangerous: it has a finding of its own, and that is all there is to say. */
  unlisted(of: Value): boolean;
  /** The global that a call's result came from. */
  madeBy(of: Value): GlobalName | undefined;
  /** Has an array of Arrow's looked at after the stream, when its bytes can be read. */
  checkArrow(array: HandedArrow): void;
  /** Has a byte string scanned as a file of its own. */
  scanBytes(of: Value): void;
}

/**
 * What is wrong: text for what can act, `pointers` for bytes that would be used as such, `unexpected` for data that no framework
 * writes and that does nothing by itself.
 */
export type Breach = string | { readonly kind: 'pointers' | 'unexpected'; readonly what: string };

/** @returns what is wrong with the arguments; `undefined` when they keep the contract */
export type Contract = (args: readonly Value[], context: ContractContext) => Breach | undefined;

export function unexpected(what: string): Breach {
  return { kind: 'unexpected', what };
}

export function pointers(what: string): Breach {
  return { kind: 'pointers', what };
}

export function breachText(breach: Breach): string {
  return typeof breach === 'string' ? breach : breach.what;
}

/** The first breach of several checks; those that can act go before those of data. */
export function worst(...breaches: readonly (Breach | undefined)[]): Breach | undefined {
  return (
    breaches.find((breach) => breach !== undefined && (typeof breach === 'string' || breach.kind === 'pointers')) ??
    breaches.find((breach) => breach !== undefined)
  );
}

/** What contracts know of one stream's values, as long as its machine lives. */
export function perMachine<T>(make: () => T): (state: PickleState) => T {
  const known = new WeakMap<PickleState, T>();
  return (state) => {
    const found = known.get(state) ?? make();
    known.set(state, found);
    return found;
  };
}

export function textAt(args: readonly Value[], index: number, context: ContractContext): string | undefined {
  const arg = args[index];
  return arg === undefined ? undefined : context.state.text(arg);
}
