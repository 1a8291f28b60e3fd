import type { SyntaxNode } from '@lezer/common';
import { parser } from '@lezer/json';
import { lineIndex } from '../lines.ts';
import type { FoundReference } from '../reference.ts';
import { fieldReference } from './fields.ts';

/** CWE-770: references of a document, and fields of one object that are kept. */
const MAX_FOUND = 5_000;
const MAX_FIELDS = 10_000;

/** Finds what the fields of a JSON document name. Broken parts are skipped: the rest is still read. */
export function findInJson(text: string): readonly FoundReference[] {
  const lineOf = lineIndex(text);
  const found: FoundReference[] = [];
  /** Fields of the objects that are asked for theirs, by where the object begins. */
  const objects = new Map<number, ReadonlyMap<string, string>>();
  const fieldsOf = (object: SyntaxNode): ReadonlyMap<string, string> => {
    const fields = objects.get(object.from) ?? readFields(object, text);
    objects.set(object.from, fields);
    return fields;
  };
  parser.parse(text).iterate({
    enter: ({ node }) => {
      if (node.name !== 'Property' || found.length >= MAX_FOUND) return;
      const [key, value] = [node.firstChild, node.lastChild];
      if (key?.name !== 'PropertyName' || value?.name !== 'String') return;
      const sibling = (name: string) => (node.parent === null ? undefined : fieldsOf(node.parent).get(name));
      const line = lineOf(value.from);
      const reference = fieldReference({ key: stringOf(key, text), text: stringOf(value, text), line, sibling });
      if (reference !== undefined) found.push(reference);
    },
  });
  return found;
}

function readFields(object: SyntaxNode, text: string): ReadonlyMap<string, string> {
  const fields = new Map<string, string>();
  for (let child = object.firstChild; child !== null; child = child.nextSibling) {
    const [key, value] = child.name === 'Property' ? [child.firstChild, child.lastChild] : [null, null];
    if (key?.name !== 'PropertyName' || value === null || fields.size >= MAX_FIELDS) continue;
    const plain =
      value.name === 'String' ? stringOf(value, text) : text.slice(value.from, Math.min(value.to, value.from + 16));
    if (!fields.has(stringOf(key, text))) fields.set(stringOf(key, text), plain);
  }
  return fields;
}

/** What a literal of JSON says; as it is written, where it is broken. */
export function stringOf(node: SyntaxNode, text: string): string {
  const literal = text.slice(node.from, node.to);
  try {
    const value: unknown = JSON.parse(literal);
    return typeof value === 'string' ? value : literal;
  } catch {
    return literal.replace(/^"|"$/g, '');
  }
}
