import type { SyntaxNode } from '@lezer/common';
import { parser } from '@lezer/json';
import { lineIndex } from '../lines.ts';
import { findInPython } from '../python/index.ts';
import type { FoundReference } from '../reference.ts';
import { findInCommands } from './commands.ts';
import { fieldReference } from './fields.ts';

/** CWE-770: references of a document, and fields of one object that are kept. */
const MAX_FOUND = 5_000;
const MAX_FIELDS = 10_000;

/** Finds what the fields of a JSON document name. What is broken in it is passed over: the rest is still read. */
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

function stringOf(node: SyntaxNode, text: string): string {
  const literal = text.slice(node.from, node.to);
  try {
    const value: unknown = JSON.parse(literal);
    return typeof value === 'string' ? value : literal;
  } catch {
    return literal.replace(/^"|"$/g, '');
  }
}

/** Finds what the code of a notebook loads. Lines are those of the file, where each line of code stands on its own. */
export function findInNotebook(text: string): readonly FoundReference[] {
  const lineOf = lineIndex(text);
  const found: FoundReference[] = [];
  const root = parser.parse(text).topNode.getChild('Object');
  for (const cell of cellsOf(root, text)) {
    if (fieldOf(cell, 'cell_type', text)?.kind !== 'code') continue;
    const source = valueNode(cell, 'source', text);
    if (source === null) continue;
    const parts = source.name === 'String' ? [source] : source.getChildren('String');
    const lines = parts.flatMap((part) => {
      const all = stringOf(part, text).replace(/\n$/, '').split('\n');
      return all.map((line) => ({ line, at: lineOf(part.from) }));
    });
    const place = (one: FoundReference): FoundReference => ({
      ...one,
      line: lines[one.line - 1]?.at ?? lineOf(source.from),
    });
    // Commands of the shell, and magic, are no Python.
    const python = lines.map(({ line }) => (/^\s*[!%]/.test(line) ? '' : line)).join('\n');
    found.push(...findInPython(python).map(place));
    for (const [index, { line }] of lines.entries()) {
      const [, command] = /^\s*[!%]+(.*)$/.exec(line) ?? [];
      if (command !== undefined) found.push(...findInCommands(command, index + 1).map(place));
    }
  }
  return found;
}

function cellsOf(root: SyntaxNode | null, text: string): SyntaxNode[] {
  if (root === null) return [];
  const cells = valueNode(root, 'cells', text)?.getChildren('Object') ?? [];
  // Before version 4, cells were kept in worksheets.
  const sheets = valueNode(root, 'worksheets', text)?.getChildren('Object') ?? [];
  return [...cells, ...sheets.flatMap((sheet) => valueNode(sheet, 'cells', text)?.getChildren('Object') ?? [])];
}

function valueNode(object: SyntaxNode, name: string, text: string): SyntaxNode | null {
  for (const property of object.getChildren('Property')) {
    const key = property.getChild('PropertyName');
    if (key !== null && stringOf(key, text) === name) return property.lastChild;
  }
  return null;
}

function fieldOf(object: SyntaxNode, name: string, text: string): { readonly kind: string } | undefined {
  const node = valueNode(object, name, text);
  return node === null ? undefined : { kind: stringOf(node, text) };
}
