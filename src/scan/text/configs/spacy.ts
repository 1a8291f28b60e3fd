import { isAssayError } from '../../../core/index.ts';
import { JsonWalker } from '../../../formats/json/index.ts';
import { type ConfigReading, type Framework, NO_ENTRIES, nodeAt, without } from './framework.ts';
import { Builder, type ConfigMapping, type ConfigNode, Odd } from './tree.ts';

const SECTION = /^\[([\w-]+(?:\.(?:[\w-]+|\*))*)\][ \t]*$/;
const PAIR = /^(@?[\w-]+)[ \t]*=[ \t]*(.*)$/;
const COMMENT = /^[ \t]*[#;]/;
const VARIABLE = /^"?\$\{([\w-]+(?:[.:][\w-]+)*)\}"?$/;
/** Sections that hold for all others, and those of logging and of servers. */
const OTHERS = /^(?:DEFAULT|loggers|handlers|formatters|(?:logger|handler|formatter)_|app|filter|composite|server)/i;
const MAX_SECTIONS = 2_000;
/** Values of `[initialize]` and `[nlp]` that name other files and models. */
const LOADED = ['vectors', 'init_tok2vec', 'vocab_data', 'lookups'];
const NOTHING = /^(?:null|)$/;

/** A section: its values, and the sections within it. */
type Entries = Map<string, ConfigNode>;

/**
 * Reads a config.cfg as confection does (`_parser.py`): sections of Python's configparser, and values of JSON.
 * @throws Odd for what is not certain
 */
export function readSpacyConfig(text: string): ConfigMapping {
  if (/\r(?!\n)/.test(text)) throw new Odd('it has line ends of two kinds');
  const sections = new Sections();
  for (const line of text.split(/\r?\n/)) if (line.trim() !== '' && !COMMENT.test(line)) sections.line(line);
  sections.end();
  return { kind: 'mapping', tag: '', entries: sections.root };
}

class Sections {
  readonly root: Entries = new Map();
  readonly #sections = new Map<string, Entries>();
  readonly #named = new Set<string>();
  #section: Entries | undefined;
  #open: { readonly key: string; text: string } | undefined;

  line(line: string): void {
    const name = SECTION.exec(line)?.[1];
    const [, key, text = ''] = (name === undefined ? PAIR.exec(line) : undefined) ?? [];
    if (name !== undefined) this.#begin(name);
    else if (key !== undefined && this.#section !== undefined) {
      this.end();
      if (this.#section.has(key)) throw new Odd(`it has the key ${key.slice(0, 100)} twice`);
      this.#section.set(key, scalarOf(''));
      this.#open = { key, text };
    } else if (/^[ \t]/.test(line) && this.#open !== undefined) this.#open.text += `\n${line.trim()}`;
    else throw new Odd('a line is neither a section nor a value');
  }

  /** The value that is open is complete. */
  end(): void {
    if (this.#open !== undefined) this.#section?.set(this.#open.key, jsonValue(this.#open.text.trim()));
    this.#open = undefined;
  }

  #begin(name: string): void {
    this.end();
    if (this.#named.has(name)) throw new Odd(`it has the section ${name.slice(0, 100)} twice`);
    if (OTHERS.test(name)) throw new Odd(`its section ${name.slice(0, 100)} is one of another program`);
    if (this.#named.size >= MAX_SECTIONS) throw new Odd(`it has more than ${MAX_SECTIONS} sections`);
    this.#named.add(name);
    let at = this.root;
    let path = '';
    for (const part of name.split('.')) {
      path = path === '' ? part : `${path}.${part}`;
      let next = this.#sections.get(path);
      if (next === undefined) {
        if (at.has(part)) throw new Odd(`${path.slice(0, 100)} is a section and a value`);
        next = new Map();
        this.#sections.set(path, next);
        at.set(part, { kind: 'mapping', tag: '', entries: next });
      }
      at = next;
    }
    this.#section = at;
  }
}

function scalarOf(text: string): ConfigNode {
  return { kind: 'scalar', tag: '', text };
}

/** JSON, or else the text itself. */
function jsonValue(text: string): ConfigNode {
  if (text.includes('$') && !VARIABLE.test(text)) throw new Odd('a value is put together of others');
  const builder = new Builder();
  const walker = new JsonWalker(
    {
      open: (kind) => builder.open(kind === 'object' ? 'mapping' : 'sequence'),
      close: () => builder.close(),
      key: (name) => builder.key(name),
      scalar: (_, token) => builder.scalar(token.text),
    },
    { pythonNumbers: true, maxDepth: 60 },
  );
  try {
    walker.feed(Buffer.from(text));
    walker.end();
    if (builder.root !== undefined) return builder.root;
  } catch (error) {
    if (!isAssayError(error)) throw error;
    // What begins as JSON may be JSON to another reader.
    if (/^[[{"]/.test(text)) throw new Odd('a value is not JSON');
  }
  return scalarOf(text);
}

/** spaCy's configuration of a pipeline: `@architectures = "spacy.Tagger.v2"` calls a function of its catalogue. */
export const SPACY: Framework = {
  id: 'spaCy',
  read(node): ConfigReading {
    if (node.kind !== 'mapping') return undefined;
    const promises = [...node.entries.keys()].filter((key) => key.startsWith('@'));
    const [promise] = promises;
    const factory = node.entries.get('factory');
    if (promise === undefined)
      return factory?.kind === 'scalar' && !node.entries.has('source')
        ? callOf(`@factories:${factory.text}`, node.entries, 'factory')
        : node.entries.has('factory') || node.entries.has('source')
          ? 'refused'
          : undefined;
    const name = node.entries.get(promise);
    if (promises.length > 1 || name?.kind !== 'scalar') return 'refused';
    return callOf(`${promise}:${name.text}`, node.entries, promise);
  },
  resolve(node, root) {
    if (node.kind !== 'scalar' || !node.text.includes('$')) return node;
    const path = VARIABLE.exec(node.text)?.[1];
    return path === undefined ? undefined : nodeAt(root, path.split(/[.:]/));
  },
  isData: () => true,
  objection(root) {
    for (const section of ['initialize', 'nlp', 'pretraining'])
      for (const key of LOADED) {
        const value = nodeAt(root, [section, key]);
        const known = value === undefined ? undefined : (SPACY.resolve(value, root) ?? value);
        if (known?.kind === 'scalar' && !NOTHING.test(known.text)) return `[${section}] loads ${key}`;
      }
    const lang = nodeAt(root, ['nlp', 'lang']);
    return lang?.kind === 'scalar' && /^(?:[a-z]{2,3}|null)$/.test(lang.text)
      ? undefined
      : 'its language is not a word';
  },
};

function callOf(path: string, entries: ReadonlyMap<string, ConfigNode>, key: string) {
  return { path, makes: 'object', positional: [], named: without(entries, [key]), beside: NO_ENTRIES } as const;
}

/** Functions that a configuration calls, in the order of the text. */
export function* spacyCalls(node: ConfigNode): Generator<readonly [ConfigNode, ConfigReading]> {
  const call = SPACY.read(node);
  if (call !== undefined) yield [node, call];
  if (node.kind === 'scalar') return;
  for (const one of node.kind === 'list' ? node.items : node.entries.values()) yield* spacyCalls(one);
}
