import { type RecordType, type Type, typeNameOf } from '../cel/index.ts';

/** The fields of a record, of the items of a list, of the values of a map. */
export function recordWithin(type: Type): RecordType | undefined {
  if (type.kind === 'record') return type;
  return type.kind === 'list' || type.kind === 'map' || type.kind === 'optional' ? recordWithin(type.of) : undefined;
}

/** `list of text`, `text or null`, `"pass" | "fail"`: a type of the view as people read it. */
export function typeText(type: Type): string {
  switch (type.kind) {
    case 'list':
      return `list of ${typeText(type.of)}`;
    case 'map':
      return `map of ${typeText(type.of)}`;
    case 'optional':
      return `${typeText(type.of)} or null`;
    case 'words':
      return type.words.map((word) => `"${word}"`).join(' | ');
    default:
      return typeNameOf(type).replace(/^(?:an?|the) /, '');
  }
}
