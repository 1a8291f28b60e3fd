import type { Document, LineCounter, Scalar } from 'yaml';
import { closest } from '../core/index.ts';
import { assertShallowYaml } from '../core/yaml/index.ts';
import type { PolicyProblem, Position } from './problem.ts';
import { yamlLibrary } from './yaml-library.ts';

/** CWE-400: a parse takes up to 14 microseconds and 3 KB for each byte (measured). */
export const MAX_POLICY_BYTES = 128 * 1024;

const START: Position = { line: 1, column: 1 };
const HALF_CHARACTER = /\p{Surrogate}/u;

/** A key of a mapping, and its value. */
export interface Entry {
  readonly key: string;
  readonly at: Position;
  readonly value: unknown;
}

export type YamlSchema = 'failsafe' | 'core';

/**
 * One YAML document, parsed strictly: every unknown construct becomes a problem with its line and column.
 * Aliases, repeated keys and tags are refused.
 */
export class YamlSource {
  readonly problems: PolicyProblem[] = [];
  readonly #text: string;
  readonly #lines: LineCounter;
  readonly #document: Document.Parsed | undefined;

  /** @param schema `failsafe`: every scalar is text, as it is written */
  constructor(bytes: Uint8Array, schema: YamlSchema) {
    const { LineCounter } = yamlLibrary();
    this.#lines = new LineCounter();
    this.#text = this.#decode(bytes);
    this.#document = this.problems.length === 0 ? this.#parse(schema) : undefined;
  }

  get root(): unknown {
    return this.#document?.contents ?? undefined;
  }

  /** All of it as plain values; only for documents without problems. */
  toValues(): unknown {
    return this.problems.length === 0 ? this.#document?.toJS({ maxAliasCount: 0 }) : undefined;
  }

  report(at: Position, message: string, hint?: string): undefined {
    this.problems.push({ line: at.line, column: at.column, message, hint });
    return undefined;
  }

  /** Where a node starts; the start of the file when it is nothing. */
  positionOf(node: unknown): Position {
    const { isNode } = yamlLibrary();
    return this.#at(isNode(node) ? (node.range?.[0] ?? 0) : 0);
  }

  /** The node at a path of keys and indices, as far as there is one. */
  positionAt(path: readonly (string | number)[]): Position {
    for (let length = path.length; length > 0; length--) {
      const node = this.#document?.getIn(path.slice(0, length), true);
      if (node !== undefined) return this.positionOf(node);
    }
    return this.positionOf(this.root);
  }

  /**
   * Entries of a mapping by key.
   * @param what for messages: `the policy`
   */
  mapping(
    node: unknown,
    what: string,
    known: readonly string[],
    at?: Position,
  ): ReadonlyMap<string, Entry> | undefined {
    const { isMap, isScalar } = yamlLibrary();
    const has = `write the keys ${known.join(', ')}`;
    if (node === undefined && this.root === undefined) return this.report(START, 'the file is empty', has);
    if (!isMap(node)) return this.report(at ?? this.positionOf(node), `${what} is not a mapping`, has);
    const entries = new Map<string, Entry>();
    for (const { key, value } of node.items) {
      const name = isScalar(key) ? String(key.value) : '';
      const keyAt = this.positionOf(key);
      if (known.includes(name)) entries.set(name, { key: name, at: keyAt, value });
      else this.report(keyAt, `${what} has no ${name === '' ? 'such key' : name}`, suggestion(name, known));
    }
    return entries;
  }

  list(entry: Entry | undefined, most: number): readonly unknown[] {
    const { isSeq } = yamlLibrary();
    if (entry === undefined) return [];
    if (!isSeq(entry.value)) return this.report(entry.at, `${entry.key} is not a list`) ?? [];
    if (entry.value.items.length <= most) return entry.value.items;
    return this.report(entry.at, `${entry.key} has more than ${most} items`, 'split the policy') ?? [];
  }

  /** Text that is not empty. */
  text(entry: Entry): string | undefined {
    return this.textOf(entry.value, entry.key, entry.at);
  }

  textOf(node: unknown, what: string, at?: Position): string | undefined {
    const { isScalar } = yamlLibrary();
    const text = isScalar(node) && typeof node.value === 'string' ? node.value.trim() : undefined;
    if (text === undefined) return this.report(at ?? this.positionOf(node), `${what} is not text`);
    // An escape may write half of a character.
    if (HALF_CHARACTER.test(text))
      return this.report(at ?? this.positionOf(node), `${what} contains an invalid character`, 'remove it');
    return text === '' ? this.report(at ?? this.positionOf(node), `${what} is empty`) : text;
  }

  /** Text exactly as it stands, which may be empty; of the schema `failsafe`. */
  exactText(node: unknown, what: string): string | undefined {
    const { isScalar } = yamlLibrary();
    const text = isScalar(node) && typeof node.value === 'string' ? node.value : undefined;
    if (text === undefined) return this.report(this.positionOf(node), `${what} is not text`);
    if (HALF_CHARACTER.test(text))
      return this.report(this.positionOf(node), `${what} contains an invalid character`, 'remove it');
    return text;
  }

  /** From offsets of a scalar's text, trimmed at its start, to positions in the file: it may be folded, quoted or indented. */
  locator(node: unknown): (offset: number) => Position {
    const { isScalar } = yamlLibrary();
    if (!isScalar(node) || typeof node.value !== 'string') return () => this.positionOf(node);
    const offsets = aligned(this.#text, node, node.value);
    const skipped = node.value.length - node.value.trimStart().length;
    return (offset) => this.#at(offsets[Math.min(offset + skipped, offsets.length - 1)] ?? 0);
  }

  #decode(bytes: Uint8Array): string {
    if (bytes.length > MAX_POLICY_BYTES) {
      this.report(START, `the file has more than ${MAX_POLICY_BYTES} bytes`, 'split it');
      return '';
    }
    try {
      return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    } catch {
      this.report(START, 'the file is not UTF-8', 'save it as UTF-8');
      return '';
    }
  }

  #parse(schema: YamlSchema): Document.Parsed | undefined {
    const { parseDocument } = yamlLibrary();
    try {
      assertShallowYaml(this.#text);
      // The library compares each key with every other: that is done below, in one pass.
      const options = { schema, uniqueKeys: false, prettyErrors: false, logLevel: 'error' } as const;
      const document = parseDocument(this.#text, { ...options, lineCounter: this.#lines });
      for (const { message, pos } of [...document.errors, ...document.warnings]) {
        const isStack = /call stack/.test(message);
        this.report(
          this.#at(pos[0]),
          isStack ? 'the file is nested too deep' : `this is not YAML: ${firstLine(message)}`,
        );
      }
      if (this.problems.length === 0) this.#refuse(document);
      return this.problems.length === 0 ? document : undefined;
    } catch (error) {
      const why = error instanceof Error ? firstLine(error.message) : String(error);
      const isStack = /call stack|nested too deep/.test(why);
      return this.report(this.#at(0), isStack ? 'the file is nested too deep' : `this is not YAML: ${why}`);
    }
  }

  #refuse(document: Document.Parsed): void {
    const { isScalar, visit } = yamlLibrary();
    visit(document, {
      Alias: (_, alias) =>
        void this.report(this.positionOf(alias), 'aliases are not supported', 'write the value itself'),
      Map: (_, map) => {
        const keys = new Set<unknown>();
        for (const { key } of map.items) {
          const name = isScalar(key) ? key.value : undefined;
          if (typeof name !== 'string')
            this.report(this.positionOf(key ?? map), 'a key is not text', 'write it in quotes');
          else if (keys.has(name)) this.report(this.positionOf(key), `the key ${name} occurs twice`, 'keep one');
          keys.add(name);
        }
      },
    });
  }

  #at(offset: number): Position {
    const { line, col } = this.#lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  }
}

function suggestion(name: string, known: readonly string[]): string {
  const [near] = closest(name, known);
  return near === undefined ? `use one of ${known.join(', ')}` : `did you mean ${near}?`;
}

function firstLine(text: string): string {
  return text.split('\n')[0] ?? '';
}

/**
 * For every offset of a scalar's value, the offset in the file: both are walked together, passing over what only the file has
 * (quotes, indentation, escapes). A folded line break is a space of the value.
 */
function aligned(text: string, node: Scalar, value: string): readonly number[] {
  const [start = 0, end = 0] = node.range ?? [];
  const offsets: number[] = [];
  let at = bodyStart(text, node, start);
  for (const character of value.split('')) {
    const isSpace = character === ' ' || character === '\n';
    while (at < end && text[at] !== character && !(isSpace && text[at] === '\n')) at++;
    offsets.push(Math.min(at, end));
    at++;
  }
  return [...offsets, Math.min(at, end)];
}

/** A block scalar has its header (`|`, `>-`) before it, a quoted one its quote. */
function bodyStart(text: string, { type }: Scalar, start: number): number {
  if (type === 'BLOCK_LITERAL' || type === 'BLOCK_FOLDED') return text.indexOf('\n', start) + 1;
  return type === 'QUOTE_DOUBLE' || type === 'QUOTE_SINGLE' ? start + 1 : start;
}
