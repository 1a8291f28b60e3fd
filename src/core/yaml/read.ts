import { AssayError } from '../errors.ts';
import { type Properties, YamlParser } from './parser.ts';
import type { YamlOptions } from './tokens.ts';

/** Events of a walk over YAML, in the order of the text. `depth` is the number of enclosing collections. */
export interface YamlEvents {
  open?(kind: 'mapping' | 'sequence', depth: number, at: number): void;
  close?(kind: 'mapping' | 'sequence', depth: number): void;
  /** A key that is text, or that an alias makes the text of an earlier scalar. */
  key?(name: string, depth: number, at: number): void;
  /** A value that is text, as it is written; an alias stands for the scalar that it names. */
  scalar?(text: string, depth: number, at: number): void;
  /** Every tag, before what it is of; `text` of a scalar. */
  tag?(tag: string, text: string | undefined, depth: number, at: number): void;
  /** An anchor, or an alias of one. */
  shared?(depth: number, at: number): void;
  /** The node of a document is complete: loaders build it now, even if an error follows. */
  document?(): void;
}

/** Scalars that have an anchor, and characters of one that are kept. */
const MAX_ANCHORS = 10_000;
const MAX_ANCHORED = 4_096;

interface Frame {
  readonly kind: 'mapping' | 'sequence';
  expectsKey: boolean;
}

/**
 * Reads a text as a stream of YAML documents, as Python's loaders do, and builds no values. Text that none of them would read
 * ends the walk.
 * @returns the number of documents
 * @throws AssayError `malformed`, `limit`
 */
export function readYaml(text: string, events: YamlEvents, options: YamlOptions): number {
  const parser = new YamlParser(text, options);
  let documents = 0;
  while (parser.document(documents === 0)) {
    new TreeWalk(parser, events).run();
    events.document?.();
    documents++;
  }
  return documents;
}

class TreeWalk {
  readonly #parser: YamlParser;
  readonly #events: YamlEvents;
  readonly #frames: Frame[] = [];
  readonly #anchors = new Map<string, string>();

  constructor(parser: YamlParser, events: YamlEvents) {
    this.#parser = parser;
    this.#events = events;
  }

  run(): void {
    do {
      const event = this.#parser.next();
      if (event === undefined) return;
      if (event.kind === 'end') this.#close();
      else if (event.kind === 'alias') {
        this.#events.shared?.(this.#frames.length, event.at);
        this.#text(this.#anchors.get(event.name) ?? '', event.at);
      } else if (event.kind === 'scalar') {
        this.#properties(event.properties, event.text, event.at);
        this.#text(event.text, event.at);
      } else {
        this.#properties(event.properties, undefined, event.at);
        this.#events.open?.(event.kind, this.#frames.length, event.at);
        this.#frames.push({ kind: event.kind, expectsKey: event.kind === 'mapping' });
      }
    } while (this.#frames.length > 0);
  }

  #properties({ anchor, tag }: Properties, text: string | undefined, at: number): void {
    if (tag !== undefined) this.#events.tag?.(tag, text, this.#frames.length, at);
    if (anchor === undefined) return;
    this.#events.shared?.(this.#frames.length, at);
    if (this.#anchors.size >= MAX_ANCHORS) throw new AssayError('limit', `more than ${MAX_ANCHORS} anchors in YAML`);
    this.#anchors.set(anchor, text?.slice(0, MAX_ANCHORED) ?? '');
  }

  #text(text: string, at: number): void {
    const frame = this.#frames[this.#frames.length - 1];
    if (frame?.expectsKey === true) {
      this.#events.key?.(text, this.#frames.length, at);
      frame.expectsKey = false;
      return;
    }
    this.#events.scalar?.(text, this.#frames.length, at);
    if (frame?.kind === 'mapping') frame.expectsKey = true;
  }

  #close(): void {
    const frame = this.#frames.pop();
    if (frame === undefined) return;
    this.#events.close?.(frame.kind, this.#frames.length);
    const outer = this.#frames[this.#frames.length - 1];
    // A collection that is a key is followed by its value, one that is a value by the next key.
    if (outer?.kind === 'mapping') outer.expectsKey = !outer.expectsKey;
  }
}
