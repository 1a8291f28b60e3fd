import { parser } from '@lezer/python';
import { PYTHON_BOUNDS } from './bounds.ts';

/** A part of a Python text: a statement, an expression, or a word of either. `type` is a name of the grammar of Lezer. */
export interface PythonNode {
  readonly type: string;
  readonly from: number;
  readonly to: number;
  readonly children: readonly PythonNode[];
}

export interface PythonTree {
  readonly text: string;
  readonly root: PythonNode;
  /** The line, from 1, of the first part that is not Python as this grammar knows it. */
  readonly faultAt: number | undefined;
}

/** Why a text was not read as Python. */
export interface PythonRefusal {
  readonly why: string;
}

interface Open {
  readonly type: string;
  readonly from: number;
  readonly to: number;
  readonly children: PythonNode[];
}

/** Reads a text as Python 3, without running any of it. */
export function readPython(text: string): PythonTree | PythonRefusal {
  if (text.length > PYTHON_BOUNDS.characters) return { why: `it has more than ${PYTHON_BOUNDS.characters} characters` };
  let tree: ReturnType<typeof parser.parse>;
  try {
    tree = parser.parse(text);
  } catch (error) {
    // Lezer balances its trees by recursion: brackets without end exhaust the stack.
    if (!(error instanceof RangeError)) throw error;
    return { why: 'it is nested too deep' };
  }
  const cursor = tree.cursor();
  const open: Open[] = [];
  let root: PythonNode | undefined;
  let faultAt: number | undefined;
  for (let nodes = 0; ; ) {
    const { name, from, to, type } = cursor;
    if (type.isError && !isOrdinary(text, from)) faultAt = Math.min(faultAt ?? from, from);
    if (++nodes > PYTHON_BOUNDS.nodes) return { why: `it has more than ${PYTHON_BOUNDS.nodes} parts` };
    const node: Open = { type: name, from, to, children: [] };
    if (name !== 'Comment') open.at(-1)?.children.push(node);
    root ??= node;
    if (cursor.firstChild()) {
      if (open.push(node) > PYTHON_BOUNDS.depth) return { why: 'it is nested too deep' };
      continue;
    }
    while (!cursor.nextSibling()) {
      if (!cursor.parent()) return { text, root, faultAt: faultAt === undefined ? undefined : lineOf(text, faultAt) };
      open.pop();
    }
  }
}

/** Python that this grammar does not know, and reads past: `yield` with nothing behind it, and `1.` for a number. */
function isOrdinary(text: string, at: number): boolean {
  const before = text.slice(Math.max(0, at - 40), at);
  const after = text.slice(at, at + 40);
  return (
    (/\byield\s*$/.test(before) && /^\s*(?:[)\]};]|$)|^[^\S\n]*(?:#.*)?\n|^\S/.test(after)) ||
    (/(?<![\w.])\d[\d_]*\.?[ \t]*$/.test(before) &&
      /^\.?[ \t]*(?:[^\w.]|(?:else|if|for|and|or|in|is|not)\b|$)/.test(after))
  );
}

/** The line of a place, from 1. */
export function lineOf(text: string, at: number): number {
  let line = 1;
  for (let next = text.indexOf('\n'); next >= 0 && next < at; next = text.indexOf('\n', next + 1)) line++;
  return line;
}
