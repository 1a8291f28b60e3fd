import { isAssayError } from '../../../core/index.ts';
import { readYaml } from '../../../core/yaml/index.ts';

/** A document as every parser of YAML builds it. A tag is one that a loader gives a meaning of its own. */
export type ConfigNode =
  | { readonly kind: 'scalar'; readonly tag: string; readonly text: string }
  | { readonly kind: 'list'; readonly tag: string; readonly items: readonly ConfigNode[] }
  | ConfigMapping;

export interface ConfigMapping {
  readonly kind: 'mapping';
  readonly tag: string;
  readonly entries: ReadonlyMap<string, ConfigNode>;
}

export type ReadConfig = { readonly root: ConfigMapping } | { readonly odd: string };

const MAX_DEPTH = 60;
const MAX_NODES = 50_000;
/** Tags that only say what a plain scalar says, too. */
const PLAIN_TAG = /^tag:yaml\.org,2002:(?:str|int|float|bool|null|seq|map)$/;
/** Tags of HyperPyYAML. */
const OWN_TAG = /^!(?:(?:new|name|apply):[\w.]+|ref|copy|tuple|PLACEHOLDER)$/;

/** What parsers, or a person and a parser, may take for something else. */
export class Odd extends Error {}

interface Frame {
  readonly tag: string;
  readonly items: ConfigNode[];
  readonly entries: Map<string, ConfigNode> | undefined;
  key: string | undefined;
}

/**
 * Reads a document that all parsers of YAML read alike: one mapping, without anchors, merges, directives, repeated keys, and tags
 * but those that are known.
 * @returns what is odd about it, else
 * @throws AssayError `limit`
 */
export function readConfigTree(text: string): ReadConfig {
  if (/^%/m.test(text)) return { odd: 'it has a directive' };
  const builder = new Builder();
  try {
    const documents = readYaml(text, builder, { maxDepth: MAX_DEPTH, dialect: 'pyyaml' });
    if (documents !== 1) return { odd: 'it is not one document' };
    const { root } = builder;
    return root?.kind === 'mapping' && root.tag === '' ? { root } : { odd: 'it is not a mapping' };
  } catch (error) {
    if (error instanceof Odd) return { odd: error.message };
    if (isAssayError(error) && (error.code === 'malformed' || error.code === 'limit')) return { odd: error.message };
    throw error;
  }
}

/** Builds a document of the events of a reader. @throws Odd */
export class Builder {
  root: ConfigNode | undefined;
  readonly #frames: Frame[] = [];
  #tag = '';
  #nodes = 0;

  open(kind: 'mapping' | 'sequence'): void {
    const around = this.#frames.at(-1);
    if (around?.entries !== undefined && around.key === undefined) throw new Odd('a key is not text');
    this.#frames.push({
      tag: this.#take(),
      items: [],
      entries: kind === 'mapping' ? new Map() : undefined,
      key: undefined,
    });
  }

  close(): void {
    const frame = this.#frames.pop();
    if (frame === undefined) return;
    const { tag, items, entries } = frame;
    this.#add(entries === undefined ? { kind: 'list', tag, items } : { kind: 'mapping', tag, entries });
  }

  key(name: string): void {
    if (this.#take() !== '') throw new Odd('a key has a tag');
    const frame = this.#frames.at(-1);
    if (frame?.entries === undefined) return;
    if (name === '<<' || name === '=') throw new Odd(`it has the key ${name}, which merges other mappings`);
    if (frame.entries.has(name)) throw new Odd(`it has the key ${name.slice(0, 100)} twice`);
    frame.key = name;
  }

  scalar(text: string): void {
    this.#add({ kind: 'scalar', tag: this.#take(), text });
  }

  tag(tag: string): void {
    if (PLAIN_TAG.test(tag)) return;
    if (!OWN_TAG.test(tag)) throw new Odd(`it has the tag ${tag.slice(0, 100)}`);
    this.#tag = tag;
  }

  shared(): void {
    throw new Odd('it has anchors or aliases');
  }

  #take(): string {
    const tag = this.#tag;
    this.#tag = '';
    return tag;
  }

  #add(node: ConfigNode): void {
    if (++this.#nodes > MAX_NODES) throw new Odd(`it has more than ${MAX_NODES} values`);
    const frame = this.#frames.at(-1);
    if (frame === undefined) this.root = node;
    else if (frame.entries === undefined) frame.items.push(node);
    else if (frame.key !== undefined) {
      frame.entries.set(frame.key, node);
      frame.key = undefined;
    }
  }
}
