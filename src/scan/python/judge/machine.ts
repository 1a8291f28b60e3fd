import type { PythonNode } from '../../../formats/python/index.ts';
import type { ReachingCall } from '../../scanner/index.ts';
import type { LocalClass, LocalFunction, PythonScope, PythonValue } from './values.ts';

/** The arguments of a call. */
export interface GivenArguments {
  readonly positional: readonly PythonValue[];
  readonly named: ReadonlyMap<string, PythonValue>;
  /** `*args` and `**kwargs`. */
  readonly spread: readonly PythonValue[];
}

/** A call: what is called, on what, and where. */
export interface PythonCall {
  readonly node: PythonNode;
  readonly scope: PythonScope;
  readonly called: PythonValue;
  /** What a method is called on. */
  readonly receiver: PythonValue | undefined;
  readonly method: string;
  readonly given: GivenArguments;
  /** A decorator, which keeps a function that it is given, and does not call it, unless it is known to. */
  readonly decorates?: boolean;
}

/** What the parts of the interpreter ask of each other. Nothing of the program runs: values are what its text says of them. */
export interface PythonMachine {
  /** The text that the nodes at hand are of. */
  readonly text: string;
  /** Whether the statement at hand runs whenever its scope does. */
  certain: boolean;
  /** What an attribute of any object of the program was set to. */
  readonly attributes: Map<string, PythonValue>;
  /** Whose code is at hand; `null` when importing the file runs it. */
  owner: string | null;
  evaluate(node: PythonNode, scope: PythonScope): PythonValue;
  run(node: PythonNode, scope: PythonScope): void;
  /** @param self the instance, of a method that is called through one */
  call(called: LocalFunction, given: GivenArguments, self: PythonValue | undefined): PythonValue;
  /** What making an instance of a class runs, and every method that Python may call by itself. */
  instantiate(made: LocalClass, given: GivenArguments): PythonValue;
  /** A function or a lambda, which is looked into at the end if nothing calls it. */
  define(node: PythonNode, name: string, scope: PythonScope, of: LocalClass | undefined): LocalFunction;
  defineClass(name: string, scope: PythonScope, bases: readonly LocalClass[]): LocalClass;
  /** The class whose names a scope holds. */
  classOf(scope: PythonScope): LocalClass | undefined;
  /** Methods that Python calls by itself. */
  runOwn(of: LocalClass, names: RegExp): void;
  /** What a decorator makes of a function or a class. */
  decorate(node: PythonNode, value: PythonValue, scope: PythonScope): PythonValue;
  asOwner(owner: string, work: () => void): void;
  /** What a program of text would do here. */
  runText(text: string, scope: PythonScope): PythonValue;
  note(node: PythonNode, call: Omit<ReachingCall, 'line' | 'owner'>): void;
  /** A name of the module is used in the function or class at hand. */
  use(name: string): void;
  imports(module: string): void;
}

export const SYNTAX =
  /^(?:[[\](){},:.@*]|\*\*|AssignOp|ArithOp|CompareOp|BitOp|and|or|not|in|is|if|else|for|async|await|lambda|yield|from|⚠|import)$/;

/** Parts of a node that are expressions. */
export function operands(node: PythonNode): PythonNode[] {
  return node.children.filter(({ type }) => !SYNTAX.test(type));
}

export function writtenText(machine: PythonMachine, node: PythonNode): string {
  return machine.text.slice(node.from, node.to);
}

/** PEP 3131: identifiers are the same when their NFKC forms are. */
export function identifier(machine: PythonMachine, node: PythonNode): string {
  const name = writtenText(machine, node);
  return /^[\x20-\x7e]*$/.test(name) ? name : name.normalize('NFKC');
}

export function asGiven(positional: readonly PythonValue[] = []): GivenArguments {
  return { positional, named: new Map(), spread: [] };
}

export function allGiven({ positional, named, spread }: GivenArguments): PythonValue[] {
  return [...positional, ...named.values(), ...spread];
}
