import type { SyntaxNode } from '@lezer/common';
import { parser } from '@lezer/json';
import { type LineOf, lineIndex } from '../lines.ts';
import { findInPython, isWholePython, type ModuleFiles } from '../python/index.ts';
import type { FoundReference } from '../reference.ts';
import { findInCommands } from './commands.ts';
import { stringOf } from './json.ts';

/** A line of a cell, and its line in the file. */
interface CodeLine {
  readonly line: string;
  readonly at: number;
}

/**
 * Finds what the code of a notebook loads. Lines are those of the file, where each line of code stands on its own. Cells are one
 * module, as they are when they run; a cell that is not Python is read alone, so that it does not hide the others.
 */
export function findInNotebook(text: string, path: string, modules: ModuleFiles): readonly FoundReference[] {
  const found: FoundReference[] = [];
  const cells = codeCells(text, lineIndex(text));
  const place =
    (lines: readonly CodeLine[]) =>
    (one: FoundReference): FoundReference => ({
      ...one,
      line: lines[one.line - 1]?.at ?? lines[0]?.at ?? 1,
    });
  for (const lines of programsOf(cells)) found.push(...findInPython(pythonOf(lines), path, modules).map(place(lines)));
  for (const lines of cells) {
    for (const [index, { line }] of lines.entries()) {
      const [, command] = /^\s*[!%]+(.*)$/.exec(line) ?? [];
      if (command !== undefined) found.push(...findInCommands(command, index + 1).map(place(lines)));
    }
  }
  return found;
}

/** The programs of a notebook, as they are read. */
export function notebookPython(text: string): readonly string[] {
  return programsOf(codeCells(text, lineIndex(text))).map(pythonOf);
}

function programsOf(cells: readonly (readonly CodeLine[])[]): readonly (readonly CodeLine[])[] {
  const whole: CodeLine[] = [];
  const broken: (readonly CodeLine[])[] = [];
  for (const lines of cells) {
    if (isWholePython(pythonOf(lines))) for (const line of lines) whole.push(line);
    else broken.push(lines);
  }
  return [whole, ...broken].filter((lines) => lines.length > 0);
}

/** Commands of the shell, and magic, are no Python. */
function pythonOf(lines: readonly CodeLine[]): string {
  return lines.map(({ line }) => (/^\s*[!%]/.test(line) ? '' : line)).join('\n');
}

function codeCells(text: string, lineOf: LineOf): readonly (readonly CodeLine[])[] {
  const root = parser.parse(text).topNode.getChild('Object');
  return cellsOf(root, text).flatMap((cell) => {
    const kind = valueNode(cell, 'cell_type', text);
    const source = valueNode(cell, 'source', text);
    if (kind === null || stringOf(kind, text) !== 'code' || source === null) return [];
    const parts = source.name === 'String' ? [source] : source.getChildren('String');
    return [
      parts.flatMap((part) => {
        const all = stringOf(part, text).replace(/\n$/, '').split('\n');
        return all.map((line) => ({ line, at: lineOf(part.from) }));
      }),
    ];
  });
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
