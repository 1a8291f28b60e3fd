/** The static type of a value. */
export type Type =
  | { readonly kind: 'bool' | 'int' | 'double' | 'string' | 'timestamp' | 'duration' | 'null' }
  /** Not known before evaluation. */
  | { readonly kind: 'any' }
  /** Text that is one of a few words. */
  | { readonly kind: 'words'; readonly words: readonly string[] }
  | { readonly kind: 'list'; readonly of: Type }
  /** Keys are text. */
  | { readonly kind: 'map'; readonly of: Type }
  | RecordType
  /** May be null. */
  | { readonly kind: 'optional'; readonly of: Type };

export interface RecordType {
  readonly kind: 'record';
  /** For messages: `a file`. */
  readonly name: string;
  readonly fields: Readonly<Record<string, ViewField>>;
}

export interface ViewField {
  readonly type: Type;
  /** A sentence for the author of a policy. */
  readonly about: string;
}

export const ANY: Type = { kind: 'any' };
export const BOOL_TYPE: Type = { kind: 'bool' };
export const INT_TYPE: Type = { kind: 'int' };
export const DOUBLE: Type = { kind: 'double' };
export const STRING: Type = { kind: 'string' };
export const TIMESTAMP: Type = { kind: 'timestamp' };
export const DURATION: Type = { kind: 'duration' };

export function listOf(of: Type): Type {
  return { kind: 'list', of };
}

export function mapOf(of: Type): Type {
  return { kind: 'map', of };
}

export function optional(of: Type): Type {
  return { kind: 'optional', of };
}

export function unionOf(...words: readonly string[]): Type {
  return { kind: 'words', words };
}

/** The type without null, once a rule uses the value. */
export function present(type: Type): Type {
  return type.kind === 'optional' ? present(type.of) : type;
}

/** `text`, `a list of numbers`: for messages. */
export function typeNameOf(type: Type): string {
  switch (type.kind) {
    case 'bool':
      return 'true or false';
    case 'int':
      return 'an integer';
    case 'double':
      return 'a decimal number';
    case 'string':
    case 'words':
      return 'text';
    case 'timestamp':
      return 'a time';
    case 'duration':
      return 'a duration';
    case 'null':
      return 'null';
    case 'any':
      return 'a value';
    case 'list':
      return 'a list';
    case 'map':
      return 'a map';
    case 'record':
      return type.name;
    case 'optional':
      return typeNameOf(type.of);
  }
}

/** Whether values of the two can be equal. */
export function comparable(a: Type, b: Type): boolean {
  if (a.kind === 'any' || b.kind === 'any') return true;
  if (a.kind === 'optional') return b.kind === 'null' || comparable(a.of, b);
  if (b.kind === 'optional') return comparable(b, a);
  if (a.kind === 'list' && b.kind === 'list') return comparable(a.of, b.of);
  if (a.kind === 'words' && b.kind === 'words') return a.words.some((word) => b.words.includes(word));
  return familyOf(a) === familyOf(b);
}

/** Types whose values can be equal: both kinds of number, text of any kind, records and maps. */
function familyOf({ kind }: Type): string {
  if (kind === 'double') return 'int';
  if (kind === 'words') return 'string';
  return kind === 'record' ? 'map' : kind;
}

/** A type that holds the values of both. */
export function joinedTypes(a: Type, b: Type): Type {
  if (a.kind === 'null') return b.kind === 'null' || b.kind === 'optional' || b.kind === 'any' ? b : optional(b);
  if (b.kind === 'null') return joinedTypes(b, a);
  if (a.kind === 'optional' || b.kind === 'optional') return optional(joinedTypes(present(a), present(b)));
  if (a.kind === 'list' && b.kind === 'list') return listOf(joinedTypes(a.of, b.of));
  if (a.kind === 'words' && b.kind === 'words') return unionOf(...new Set([...a.words, ...b.words]));
  if (familyOf(a) === 'string' && familyOf(b) === 'string') return STRING;
  return a.kind === b.kind && (a.kind !== 'record' || a === b) ? a : ANY;
}
