/** Types of R's objects, as they are numbered in a file (src/include/Rinternals.h and src/main/serialize.c of R 4.2). */
export const TYPE = {
  nil: 0,
  symbol: 1,
  list: 2,
  closure: 3,
  environment: 4,
  promise: 5,
  language: 6,
  special: 7,
  builtin: 8,
  char: 9,
  logical: 10,
  integer: 13,
  real: 14,
  complex: 15,
  string: 16,
  dots: 17,
  vector: 19,
  expression: 20,
  bytecode: 21,
  pointer: 22,
  weak: 23,
  raw: 24,
  s4: 25,
  altrep: 238,
  attributedList: 239,
  attributedLanguage: 240,
  baseEnvironment: 241,
  emptyEnvironment: 242,
  repeatedReference: 243,
  repeatedDefinition: 244,
  persistent: 247,
  package: 248,
  namespace: 249,
  baseNamespace: 250,
  missing: 251,
  unbound: 252,
  globalEnvironment: 253,
  nilValue: 254,
  reference: 255,
} as const;

/** What an object holds besides data. */
export type RdsKind =
  | 'promise-with-code'
  | 'promise'
  | 'active-binding'
  | 'closure'
  | 'language'
  | 'expression'
  | 'byte-code'
  | 'builtin'
  | 'environment'
  | 'pointer'
  | 'weak-reference'
  | 'namespace'
  | 'package'
  | 'persistent-name'
  | 'alternative-class'
  | 'mapped-file'
  | 'missing-argument';

export interface RdsPart {
  readonly kind: RdsKind;
  /** Where the first of them stands. */
  readonly at: number;
  /** Its name, where it has one. */
  readonly name: string;
  count: number;
}

/** What is known of a file so far. */
export interface RdsFacts {
  /** Kinds, each with its name. */
  readonly parts: Map<string, RdsPart>;
  version: number | undefined;
  /** The version of R that wrote it. */
  writer: string | undefined;
  /** Objects of any type. */
  objects: number;
}
