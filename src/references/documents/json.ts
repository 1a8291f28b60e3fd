import type { SyntaxNode } from '@lezer/common';
import { parser } from '@lezer/json';
import { lineIndex } from '../lines.ts';
import { findInPython } from '../python/find.ts';
import type { FoundReference } from '../reference.ts';
import { findInCommands } from './commands.ts';
import { fieldReference } from './fields.ts';

/** Finds what the fields of a JSON document name. What is broken in it is passed over: the rest is still read. */
export function findInJson(text: string): readonly FoundReference[] {
  const lineOf = lineIndex(text);
  const found: FoundReference[] = [];
  parser.parse(text).iterate({
    enter: ({ node }) => {
      if (node.name !== 'Property') return;
      const [key, value] = [node.getChild('PropertyName'), node.getChild('String')];
      if (key === null || value === null) return;
      const sibling = (name: string) => siblingText(node, name, text);
      const reference = fieldReference({
        key: stringOf(key, text),
        text: stringOf(value, text),
        line: lineOf(value.from),
        sibling,
      });
      if (reference !== undefined) found.push(reference);
    },
  });
  return found;
}

function siblingText(property: SyntaxNode, name: string, text: string): string | undefined {
  for (const other of property.parent?.getChildren('Property') ?? []) {
    const key = other.getChild('PropertyName');
    if (key === null || stringOf(key, text) !== name) continue;
    const value = other.lastChild;
    return value === null
      ? undefined
      : value.name === 'String'
        ? stringOf(value, text)
        : text.slice(value.from, value.to);
  }
  return undefined;
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
