import type { GlobalName, PickleState, Value } from '../../../formats/pickle/index.ts';
import type { ListedGlobal } from '../../lists/index.ts';
import type { HandedArrow } from './handed-arrow.ts';
import type { SpelledBytes } from './spelled-bytes.ts';

/** What a contract may ask about the arguments of a call. */
export interface ContractContext {
  readonly state: PickleState;
  /** What BUILD gives a state to. */
  readonly target?: Value | undefined;
  /** The list entry of a global value; `undefined` for unlisted globals and all other values. */
  listed(of: Value): ListedGlobal | undefined;
  /** The list entry of a name. */
  entry(module: string, name: string): ListedGlobal | undefined;
  /** The list entry of a global that is a value or a class and has no contract. */
  plain(of: Value | undefined): ListedGlobal | undefined;
  /** Whether a global is on no list and not known to be dangerous: it already has a finding, so a contract adds none. */
  unlisted(of: Value): boolean;
  /** The global that a call's result came from. */
  madeBy(of: Value): GlobalName | undefined;
  /** Has an Arrow array checked after the stream, when its bytes can be read. */
  checkArrow(array: HandedArrow): void;
  /** Has code by value compared with that of libraries, after the stream. */
  checkCode(code: SpelledBytes): void;
  /** Has a byte string scanned as a file of its own. */
  scanBytes(of: Value): void;
}

/**
 * What is wrong: a text for a value that can act, `pointers` for bytes that would be used as pointers, `unexpected` for data
 * that no framework writes and that does nothing by itself.
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

/** State of contracts for the values of one stream, kept as long as its machine. */
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
