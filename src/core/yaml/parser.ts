import { AssayError } from '../errors.ts';
import { YamlScanner } from './scanner.ts';
import type { Token, YamlOptions } from './tokens.ts';

export type YamlEvent =
  | { readonly kind: 'alias'; readonly at: number; readonly name: string }
  | {
      readonly kind: 'scalar';
      readonly at: number;
      readonly text: string;
      readonly plain: boolean;
      readonly properties: Properties;
    }
  | { readonly kind: 'mapping' | 'sequence'; readonly at: number; readonly properties: Properties }
  | { readonly kind: 'end'; readonly at: number };

/** The properties before a node. */
export interface Properties {
  readonly anchor: string | undefined;
  /** Resolved: `tag:yaml.org,2002:str`, or as it is written with a handle that no directive declares. */
  readonly tag: string | undefined;
}

const NONE: Properties = { anchor: undefined, tag: undefined };
const CORE = 'tag:yaml.org,2002:';

/** What the parser does next. */
type State = () => YamlEvent | undefined;

/**
 * The nodes of a text, as PyYAML's parser makes them (lib/yaml/parser.py). Keeps its own stack, because the input chooses the
 * depth.
 */
export class YamlParser {
  readonly #scanner: YamlScanner;
  readonly #states: State[] = [];
  readonly #handles = new Map<string, string>();
  readonly #maxDepth: number;

  constructor(text: string, options: YamlOptions) {
    this.#scanner = new YamlScanner(text, options);
    this.#maxDepth = options.maxDepth;
  }

  /** Goes to the next document. @returns false behind the last one. @throws AssayError `malformed`, `limit` */
  document(first: boolean): boolean {
    // YAML 1.2 lets a document begin without a mark behind one that ends with it.
    let bare = first;
    while (this.#take('document-end') !== undefined) bare = true;
    if (this.#is('stream-end')) return false;
    this.#handles.clear();
    let directives = false;
    for (let token = this.#scanner.peek(); token.kind === 'tag-directive'; token = this.#scanner.peek()) {
      this.#handles.set(token.handle, token.prefix);
      this.#scanner.next();
      directives = true;
    }
    if (this.#take('document-start') === undefined && (!bare || directives))
      throw this.#unexpected('where a document begins');
    this.#states.push(() => this.#documentContent());
    return true;
  }

  /** The next node of the document, or its part; `undefined` behind the last. @throws AssayError `malformed`, `limit` */
  next(): YamlEvent | undefined {
    while (true) {
      const state = this.#states.pop();
      if (state === undefined) return undefined;
      if (this.#states.length > 2 * this.#maxDepth + 8)
        throw new AssayError('limit', `YAML is nested deeper than ${this.#maxDepth}`, {
          offset: this.#scanner.peek().at,
        });
      const event = state();
      if (event !== undefined) return event;
    }
  }

  #is(kind: Token['kind']): boolean {
    return this.#scanner.peek().kind === kind;
  }

  #take(kind: Token['kind']): Token | undefined {
    return this.#is(kind) ? this.#scanner.next() : undefined;
  }

  #then(state: State): void {
    this.#states.push(state);
  }

  #unexpected(where: string): AssayError {
    const { kind, at } = this.#scanner.peek();
    return new AssayError('malformed', `not valid YAML: ${kind} ${where} at character ${at}`, { offset: at });
  }

  #documentContent(): YamlEvent {
    const { kind, at } = this.#scanner.peek();
    const ends =
      kind === 'tag-directive' || kind === 'document-start' || kind === 'document-end' || kind === 'stream-end';
    return ends ? empty(at, NONE) : this.#node(true, false);
  }

  #node(block: boolean, indentless: boolean): YamlEvent {
    const alias = this.#scanner.peek();
    if (alias.kind === 'alias') {
      this.#scanner.next();
      return { kind: 'alias', at: alias.at, name: alias.name };
    }
    const properties = this.#properties();
    const token = this.#scanner.peek();
    if (indentless && token.kind === 'entry') {
      this.#then(() => this.#indentlessEntry());
      return { kind: 'sequence', at: token.at, properties };
    }
    if (token.kind === 'scalar') {
      this.#scanner.next();
      return { kind: 'scalar', at: token.at, text: token.text, plain: token.plain, properties };
    }
    return this.#collection(token, block, properties);
  }

  #collection({ kind, at }: Token, block: boolean, properties: Properties): YamlEvent {
    const starts: Partial<Record<Token['kind'], readonly ['mapping' | 'sequence', State]>> = {
      'flow-sequence-start': ['sequence', () => this.#flowEntry(true)],
      'flow-mapping-start': ['mapping', () => this.#flowKey(true)],
      ...(block && {
        'block-sequence-start': ['sequence', () => this.#blockEntry()],
        'block-mapping-start': ['mapping', () => this.#blockKey()],
      }),
    };
    const start = starts[kind];
    if (start !== undefined) {
      this.#scanner.next();
      this.#then(start[1]);
      return { kind: start[0], at, properties };
    }
    if (properties === NONE) throw this.#unexpected('where a value is expected');
    return empty(at, properties);
  }

  #properties(): Properties {
    let anchor: string | undefined;
    let tag: string | undefined;
    for (;;) {
      const token = this.#scanner.peek();
      if (token.kind === 'anchor' && anchor === undefined) anchor = token.name;
      else if (token.kind === 'tag' && tag === undefined) tag = this.#resolve(token.handle, token.suffix);
      else return anchor === undefined && tag === undefined ? NONE : { anchor, tag };
      this.#scanner.next();
    }
  }

  #resolve(handle: string, suffix: string): string {
    if (handle === '') return suffix;
    return (this.#handles.get(handle) ?? (handle === '!!' ? CORE : handle)) + suffix;
  }

  #end(): YamlEvent {
    return { kind: 'end', at: this.#scanner.next().at };
  }

  #blockEntry(): YamlEvent {
    if (this.#take('entry') === undefined) {
      if (!this.#is('block-end')) throw this.#unexpected('in a list');
      return this.#end();
    }
    this.#then(() => this.#blockEntry());
    return this.#is('entry') || this.#is('block-end') ? this.#empty() : this.#node(true, false);
  }

  #indentlessEntry(): YamlEvent {
    if (this.#take('entry') === undefined) return { kind: 'end', at: this.#scanner.peek().at };
    this.#then(() => this.#indentlessEntry());
    const { kind } = this.#scanner.peek();
    const ends = kind === 'entry' || kind === 'key' || kind === 'value' || kind === 'block-end';
    return ends ? this.#empty() : this.#node(true, false);
  }

  #blockKey(): YamlEvent {
    const token = this.#scanner.peek();
    if (token.kind === 'key') {
      this.#scanner.next();
      this.#then(() => this.#blockValue());
      const { kind } = this.#scanner.peek();
      const ends = kind === 'key' || kind === 'value' || kind === 'block-end';
      return ends ? this.#empty() : this.#node(true, true);
    }
    // ruamel.yaml and libyaml take a value whose key is left out; PyYAML refuses it.
    if (token.kind === 'value') {
      this.#then(() => this.#blockValue());
      return this.#empty();
    }
    if (token.kind !== 'block-end') throw this.#unexpected('in a mapping');
    return this.#end();
  }

  #blockValue(): YamlEvent {
    this.#then(() => this.#blockKey());
    if (this.#take('value') === undefined) return this.#empty();
    const { kind } = this.#scanner.peek();
    const ends = kind === 'key' || kind === 'value' || kind === 'block-end';
    return ends ? this.#empty() : this.#node(true, true);
  }

  #flowEntry(first: boolean): YamlEvent {
    if (this.#is('flow-sequence-end')) return this.#end();
    if (!first && this.#take('flow-entry') === undefined) throw this.#unexpected('in a list');
    if (this.#is('flow-sequence-end')) return this.#end();
    this.#then(() => this.#flowEntry(false));
    const token = this.#take('key');
    if (token === undefined) return this.#node(false, false);
    this.#then(() => this.#endOfPair(token.at));
    this.#then(() => this.#flowValue('flow-sequence-end'));
    this.#then(() => this.#flowNode('flow-sequence-end'));
    return { kind: 'mapping', at: token.at, properties: NONE };
  }

  #endOfPair(at: number): YamlEvent {
    return { kind: 'end', at };
  }

  #flowKey(first: boolean): YamlEvent {
    if (this.#is('flow-mapping-end')) return this.#end();
    if (!first && this.#take('flow-entry') === undefined) throw this.#unexpected('in a mapping');
    if (this.#is('flow-mapping-end')) return this.#end();
    this.#then(() => this.#flowKey(false));
    this.#then(() => this.#flowValue('flow-mapping-end'));
    this.#take('key');
    return this.#flowNode('flow-mapping-end');
  }

  #flowValue(end: Token['kind']): YamlEvent {
    return this.#take('value') === undefined ? this.#empty() : this.#flowNode(end);
  }

  #flowNode(end: Token['kind']): YamlEvent {
    const ends = this.#is('value') || this.#is('flow-entry') || this.#is(end);
    return ends ? this.#empty() : this.#node(false, false);
  }

  #empty(): YamlEvent {
    return empty(this.#scanner.peek().at, NONE);
  }
}

function empty(at: number, properties: Properties): YamlEvent {
  return { kind: 'scalar', at, text: '', plain: true, properties };
}
