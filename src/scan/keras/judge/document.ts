import { AssayError } from '../../../core/index.ts';
import { type JsonEvents, type JsonScalar, type JsonToken, JsonWalker } from '../../../formats/json/index.ts';

/** A value of a document, as it is written: an object keeps a key that it has twice. */
export type KerasNode =
  | { readonly kind: 'object'; readonly entries: readonly KerasEntry[] }
  | { readonly kind: 'list'; readonly items: readonly KerasNode[] }
  | { readonly kind: 'text' | 'number' | 'literal'; readonly text: string };

export interface KerasEntry {
  readonly key: string;
  readonly value: KerasNode;
}

/** Objects within objects: models within models within wrappers. Python's own parser stops at about 1000. */
const MAX_DEPTH = 200;
export const MAX_DOCUMENT_BYTES = 64 * 1024 * 1024;
const NODE_BYTES = 96;

export interface Document {
  readonly root: KerasNode;
  /** Keys that an object has twice, each once. */
  readonly repeated: ReadonlySet<string>;
}

/**
 * Reads a JSON document as Python's `json` does, with NaN and infinities, and keeps all of its values.
 * @param hold is charged for the memory of each value before it is made
 * @throws AssayError `malformed`, `limit`
 */
export function readKerasDocument(bytes: Uint8Array, name: string, hold: (bytes: number) => void): Document {
  if (bytes.length > MAX_DOCUMENT_BYTES)
    throw new AssayError('limit', `the configuration has more than ${MAX_DOCUMENT_BYTES} bytes`, { subject: name });
  const builder = new Builder(hold);
  const walker = new JsonWalker(builder, { pythonNumbers: true, maxDepth: MAX_DEPTH });
  walker.feed(bytes);
  walker.end();
  if (builder.root === undefined) throw new AssayError('malformed', 'has no JSON value', { subject: name });
  return { root: builder.root, repeated: builder.repeated };
}

type Frame =
  | { readonly kind: 'object'; readonly entries: KerasEntry[]; key: string }
  | { readonly kind: 'list'; readonly items: KerasNode[] };

class Builder implements JsonEvents {
  root: KerasNode | undefined;
  readonly repeated = new Set<string>();
  readonly #hold: (bytes: number) => void;
  readonly #frames: Frame[] = [];

  constructor(hold: (bytes: number) => void) {
    this.#hold = hold;
  }

  open(kind: 'object' | 'array'): void {
    this.#hold(NODE_BYTES);
    const frame: Frame = kind === 'object' ? { kind, entries: [], key: '' } : { kind: 'list', items: [] };
    this.#add(frame);
    this.#frames.push(frame);
  }

  close(): void {
    this.#frames.pop();
  }

  key(name: string): void {
    this.#hold(NODE_BYTES + 2 * name.length);
    const frame = this.#frames.at(-1);
    if (frame?.kind === 'object') frame.key = name;
  }

  duplicate(name: string): void {
    if (this.repeated.size < 20) this.repeated.add(name.slice(0, 80));
  }

  scalar(kind: JsonScalar, token: JsonToken): void {
    const text = token.text;
    this.#hold(NODE_BYTES + 2 * text.length);
    this.#add({ kind: kind === 'string' ? 'text' : isNumber(text) ? 'number' : 'literal', text });
  }

  #add(node: KerasNode): void {
    const frame = this.#frames.at(-1);
    if (frame === undefined) this.root ??= node;
    else if (frame.kind === 'object') frame.entries.push({ key: frame.key, value: node });
    else frame.items.push(node);
  }
}

/** `NaN` and the infinities are literals of the walker, and numbers to Python. */
function isNumber(text: string): boolean {
  return /^[-\dNI]/.test(text);
}

/** Every value of a key: Python takes the last, other readers the first. */
export function valuesUnder(node: KerasNode, key: string): readonly KerasNode[] {
  return node.kind === 'object' ? node.entries.filter((entry) => entry.key === key).map(({ value }) => value) : [];
}

/** The texts among the values of a key. */
export function textsUnder(node: KerasNode, key: string): readonly string[] {
  return valuesUnder(node, key).flatMap((value) => (value.kind === 'text' ? [value.text] : []));
}

export function isNull(node: KerasNode): boolean {
  return node.kind === 'literal' && node.text === 'null';
}
