import { AssayError, isContentError } from '../errors.ts';
import { readYaml } from './read.ts';

/** The maximum depth of nested collections in a document. */
export const MAX_YAML_DEPTH = 100;

/**
 * Refuses a deeply nested text before a recursive library parses it: a stack overflow may end the process (CWE-674).
 * @throws AssayError `limit`
 */
export function assertShallowYaml(text: string, subject?: string): void {
  if (brackets(text) <= MAX_YAML_DEPTH && blockDepth(text) <= MAX_YAML_DEPTH) return;
  const tooDeep = (cause?: unknown) =>
    new AssayError('limit', 'is nested too deep', { ...(subject === undefined ? {} : { subject }), cause });
  try {
    // The library also detects a syntax error, but continues after it, as deep as the brackets are nested.
    readYaml(text, {}, { maxDepth: MAX_YAML_DEPTH, dialect: 'yaml-1.2' });
  } catch (error) {
    if (isContentError(error)) throw tooDeep(error);
    throw error;
  }
}

/** Brackets that open a collection, were none of them in a text. */
function brackets(text: string): number {
  let count = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === 0x5b || code === 0x7b) count++;
  }
  return count;
}

/** An open line: lines with more indentation are within it. */
interface OpenLine {
  readonly indent: number;
  /** Collections that it may have opened, with those around it. */
  readonly depth: number;
}

const LINE_ENDS = /\r\n|[\n\r\x85\u2028\u2029]/;

/** At least as deep as block collections go: every line may open two, and one more at each mark in it. */
function blockDepth(text: string): number {
  const open: OpenLine[] = [];
  let deepest = 0;
  for (const line of text.split(LINE_ENDS)) {
    const content = line.trimStart();
    if (content === '') continue;
    const indent = line.length - content.length;
    while ((open[open.length - 1]?.indent ?? -1) >= indent) open.pop();
    const depth = (open[open.length - 1]?.depth ?? 0) + 2 + marks(content);
    open.push({ indent, depth });
    deepest = Math.max(deepest, depth);
  }
  return deepest;
}

/** Dashes, question marks and colons that are followed by a blank or by the end of the line. */
function marks(line: string): number {
  let count = 0;
  for (let i = 0; i < line.length; i++) {
    const character = line.charAt(i);
    if (character !== '-' && character !== '?' && character !== ':') continue;
    const next = line.charAt(i + 1);
    if (next === '' || next === ' ' || next === '\t') count++;
  }
  return count;
}
