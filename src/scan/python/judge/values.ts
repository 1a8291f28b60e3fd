import type { PythonNode } from '../../../formats/python/index.ts';

/** Where a value comes from; a value made of others has the marks of all. */
export const MARKS = {
  /** A decoder made it of a literal, of a file or of what was downloaded. */
  decoded: 1,
  /** A decoder made it of what is not known. */
  unpacked: 2,
  downloaded: 4,
  environment: 8,
  file: 16,
  /** A text or a list of numbers stands in the program. */
  literal: 32,
  /** A function that was looked up by a decoded name. */
  hidden: 64,
} as const;

/** A function of the file. */
export interface LocalFunction {
  readonly kind: 'function';
  readonly name: string;
  readonly node: PythonNode;
  readonly scope: PythonScope;
  /** The class that it is a method of. */
  readonly of: LocalClass | undefined;
  /** The text that the node is of, and the top-level name that it is in. */
  readonly text: string;
  readonly top: string;
}

export interface LocalClass {
  readonly kind: 'class';
  readonly name: string;
  readonly scope: PythonScope;
  readonly bases: readonly LocalClass[];
  readonly top: string;
}

/** What an expression may be, by the text alone. Nothing is known of a value that has none of these. */
export interface PythonValue {
  /** Names of modules and of what they hold, and results of calling them: `os`, `os.system`, `socket.socket()`. */
  readonly names: readonly string[];
  /** A text, or bytes with a character each, that is known. */
  readonly text?: string | undefined;
  readonly number?: number | undefined;
  readonly items?: readonly PythonValue[] | undefined;
  readonly marks: number;
  readonly locals: readonly (LocalFunction | LocalClass)[];
  /** Classes of the file that it is an instance of. */
  readonly instances: readonly LocalClass[];
}

/** CWE-770: names of one value, characters of a known text, items of a known list. */
const MAX_NAMES = 8;
const MAX_LOCALS = 8;
export const MAX_KNOWN_TEXT = 512 * 1024;
export const MAX_KNOWN_ITEMS = 8_192;

export const UNKNOWN_VALUE: PythonValue = { names: [], marks: 0, locals: [], instances: [] };

export function named(...names: readonly string[]): PythonValue {
  return { ...UNKNOWN_VALUE, names };
}

export function knownText(text: string, marks = 0): PythonValue {
  return text.length > MAX_KNOWN_TEXT ? { ...UNKNOWN_VALUE, marks } : { ...UNKNOWN_VALUE, text, marks };
}

export function numberValue(number: number, marks = 0): PythonValue {
  return Number.isSafeInteger(number) ? { ...UNKNOWN_VALUE, number, marks } : { ...UNKNOWN_VALUE, marks };
}

export function listValue(items: readonly PythonValue[], marks = 0): PythonValue {
  const all = items.slice(0, MAX_KNOWN_ITEMS).reduce((sum, item) => sum | item.marks, marks);
  return items.length > MAX_KNOWN_ITEMS ? { ...UNKNOWN_VALUE, marks: all } : { ...UNKNOWN_VALUE, items, marks: all };
}

export function marked(value: PythonValue, marks: number): PythonValue {
  return (value.marks | marks) === value.marks ? value : { ...value, marks: value.marks | marks };
}

/** What is either of two values. */
export function either(a: PythonValue, b: PythonValue): PythonValue {
  if (a === b || b === UNKNOWN_VALUE) return a;
  if (a === UNKNOWN_VALUE) return b;
  return {
    names: union(a.names, b.names, MAX_NAMES),
    text: a.text === b.text ? a.text : undefined,
    number: a.number === b.number ? a.number : undefined,
    items: a.items === b.items ? a.items : a.items && b.items && [...a.items, ...b.items].slice(0, MAX_KNOWN_ITEMS),
    marks: a.marks | b.marks,
    locals: union(a.locals, b.locals, MAX_LOCALS),
    instances: union(a.instances, b.instances, MAX_LOCALS),
  };
}

export function anyOf(values: readonly PythonValue[]): PythonValue {
  return values.reduce(either, UNKNOWN_VALUE);
}

export function marksOf(values: readonly PythonValue[]): number {
  return values.reduce((sum, { marks }) => sum | marks, 0);
}

function union<T>(a: readonly T[], b: readonly T[], max: number): readonly T[] {
  if (b.every((one) => a.includes(one))) return a;
  return [...new Set([...a, ...b])].slice(0, max);
}

/** Names of a module, a class or a function. */
export class PythonScope {
  readonly kind: 'module' | 'class' | 'function';
  readonly parent: PythonScope | undefined;
  readonly names = new Map<string, PythonValue>();
  /** Names that `global` and `nonlocal` give to another scope. */
  readonly outer = new Map<string, PythonScope>();
  /** Modules of which all names are imported. */
  readonly stars: string[] = [];
  result: PythonValue | undefined;

  constructor(kind: PythonScope['kind'], parent: PythonScope | undefined) {
    this.kind = kind;
    this.parent = parent;
  }

  get module(): PythonScope {
    let scope: PythonScope = this;
    while (scope.parent !== undefined) scope = scope.parent;
    return scope;
  }

  find(name: string): PythonValue | undefined {
    const own = this.outer.get(name)?.find(name) ?? this.names.get(name);
    if (own !== undefined) return own;
    // A function does not see the names of the class that it is in.
    let scope = this.parent;
    while (scope?.kind === 'class') scope = scope.parent;
    return scope?.find(name);
  }

  /** @param certain the statement runs whenever the scope does: an earlier value is gone */
  set(name: string, value: PythonValue, certain: boolean): void {
    const outer = this.outer.get(name);
    if (outer !== undefined) {
      outer.set(name, value, false);
      return;
    }
    const known = this.names.get(name);
    this.names.set(name, certain || known === undefined ? value : either(known, value));
  }
}
