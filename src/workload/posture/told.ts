import { normal } from '../arguments.ts';
import { readReference } from '../reference.ts';
import { type Finds, PROGRAMS, type ProgramRow } from '../table/index.ts';
import type { ShellWord } from '../variables.ts';
import { quotedWord } from './hints.ts';
import type { Grammar } from './table/index.ts';

/** What a program of the tables is told, and what of it no table knows. */
export interface Told {
  readonly unknown: readonly { readonly where: string; readonly why: string }[];
  /** Places of the words that name what it loads: each has to have been found. */
  readonly named: readonly string[];
  /** Repositories that it loads: `owner/name`. */
  readonly repositories: readonly { readonly path: string; readonly where: string }[];
  /** Paths that it loads from. */
  readonly paths: readonly { readonly path: string; readonly where: string }[];
  /** Folders that it writes, and loads from. */
  readonly places: readonly { readonly path: string; readonly where: string }[];
  readonly options: ReadonlySet<string>;
  readonly namesModel: boolean;
}

const ROWS: ReadonlyMap<string, ProgramRow> = new Map(PROGRAMS.map((row) => [row.id, row]));

export function rowOf(grammar: Grammar): ProgramRow | undefined {
  return ROWS.get(grammar.row);
}

/** Credentials: their text is never read as anything else where it follows `=`. */
const CREDENTIALS: ReadonlySet<string> = new Set(['--api-key', '--admin-api-key', '--token']);

/**
 * Reads the arguments of a program by its grammar, to the last word.
 * @param words those after the start
 */
export function readTold(words: readonly ShellWord[], grammar: Grammar): Told {
  return new ToldReader(words, grammar).read();
}

class ToldReader {
  readonly #words: readonly ShellWord[];
  readonly #grammar: Grammar;
  readonly #row: ProgramRow | undefined;
  readonly #unknown: { where: string; why: string }[] = [];
  readonly #named: string[] = [];
  readonly #paths: { path: string; where: string }[] = [];
  readonly #repositories: { path: string; where: string }[] = [];
  readonly #places: { path: string; where: string }[] = [];
  readonly #options = new Set<string>();
  #namesModel = false;
  #at = 0;

  constructor(words: readonly ShellWord[], grammar: Grammar) {
    this.#words = words;
    this.#grammar = grammar;
    this.#row = rowOf(grammar);
  }

  read(): Told {
    while (this.#at < this.#words.length) {
      const word = this.#words[this.#at];
      if (word === undefined) break;
      this.#at++;
      if (word.text.startsWith('-') && this.#grammar.words !== 'pairs') this.#option(word);
      else this.#plain(word, this.#at - 1);
    }
    return {
      unknown: this.#unknown,
      named: this.#named,
      repositories: this.#repositories,
      paths: this.#paths,
      places: this.#places,
      options: this.#options,
      namesModel: this.#namesModel,
    };
  }

  /** A word without an option. */
  #plain(word: ShellWord, index: number): void {
    const { words: allowed, title } = this.#grammar;
    const row = this.#row;
    const finds = row?.after === undefined ? undefined : Object.values(row.after)[0];
    if (word.unresolved !== undefined) this.#refuse(word, 'is given a word that is not in the object');
    else if (allowed === 'pairs' && row?.pairs !== undefined) this.#pair(row.pairs, word, index);
    else if (allowed !== 'none' && finds !== undefined && index === 0) this.#find(finds, word, word.text);
    else if (allowed !== 'all' || index === 0)
      this.#refuse(
        word,
        `is given ${quotedWord(word.text)}, which is not an argument of ${title} that the tables know`,
      );
  }

  /** Of a source, and the folder that it is written to. */
  #pair(finds: Finds, word: ShellWord, index: number): void {
    if (index % 2 !== 0) this.#places.push({ path: word.text, where: word.where });
    else this.#find(finds, word, word.text);
    if (this.#words.length % 2 !== 0) this.#refuse(word, 'is given a source without a folder');
  }

  #option(word: ShellWord): void {
    const equals = word.text.indexOf('=');
    const name = normal(equals < 0 ? word.text : word.text.slice(0, equals));
    const attached = equals < 0 ? undefined : { ...word, text: word.text.slice(equals + 1) };
    const { chosen, switches, values, places } = this.#grammar;
    this.#options.add(name);
    const pattern = Object.hasOwn(chosen, name) ? chosen[name] : undefined;
    if (pattern !== undefined) {
      const value = this.#value(name, word, attached);
      if (value !== undefined && !pattern.test(value.text))
        this.#refuse(value, `is given ${name} ${quotedWord(value.text)}, which may name a model or code`);
    } else if (switches.has(name)) {
      if (attached !== undefined) this.#refuse(word, `is given a value with ${name}, which takes none`);
    } else if (values.has(name)) {
      this.#value(name, word, attached);
    } else if (places.has(name)) {
      const value = this.#value(name, word, attached);
      if (value !== undefined) this.#places.push({ path: value.text, where: value.where });
    } else this.#listed(name, word, attached);
  }

  /** An option of the tables that say what is loaded. */
  #listed(name: string, word: ShellWord, attached: ShellWord | undefined): void {
    const takes = this.#row?.takes ?? {};
    const means = Object.hasOwn(takes, name) ? takes[name] : undefined;
    if (means === undefined) {
      const { title } = this.#grammar;
      this.#refuse(word, `is given ${quotedWord(name)}, which is not an argument of ${title} that the tables know`);
    } else if ('unread' in means) {
      this.#refuse(word, `is given ${name}: ${means.unread}`);
    } else if ('ignores' in means) {
      this.#take(means.ignores === 'list', name, word, attached, () => {});
    } else if ('finds' in means) {
      const many = means.shape === 'list' || means.shape === 'named';
      this.#take(many, name, word, attached, (value) => this.#values(means, value));
    } else if (means.sets !== 'trustRemoteCode' || attached !== undefined) {
      this.#take(false, name, word, attached, () => {});
    }
  }

  #take(
    many: boolean,
    name: string,
    word: ShellWord,
    attached: ShellWord | undefined,
    use: (value: ShellWord) => void,
  ): void {
    const first = this.#value(name, word, attached);
    if (first === undefined) return;
    use(first);
    if (!many || attached !== undefined) return;
    for (let next = this.#words[this.#at]; next !== undefined; next = this.#words[this.#at]) {
      if (next.text.startsWith('-')) return;
      this.#at++;
      if (next.unresolved !== undefined) this.#refuse(next, `is given a value of ${name} that is not in the object`);
      else use(next);
    }
  }

  /** The value of an option: after `=`, or the next word. */
  #value(name: string, word: ShellWord, attached: ShellWord | undefined): ShellWord | undefined {
    const value = attached ?? this.#words[this.#at];
    if (attached === undefined) this.#at++;
    if (value === undefined || (attached === undefined && /^-(?!\d)/.test(value.text))) {
      this.#refuse(word, `is given ${name} without a value`);
      return undefined;
    }
    const hidden = value.unresolved !== undefined && value.harmless !== true;
    if (hidden && !(attached !== undefined && CREDENTIALS.has(name))) {
      const hint = CREDENTIALS.has(name) ? ` (write ${name}=$(NAME), in one word)` : '';
      this.#refuse(value, `is given a value of ${name} that is not in the object${hint}`);
      return undefined;
    }
    // What the kubelet knows of a Pod may be a name that a user chose: it names no model.
    if (value.unresolved !== undefined && !this.#grammar.values.has(name)) {
      this.#refuse(value, `is given a value of ${name} that is not in the object`);
      return undefined;
    }
    return value;
  }

  /** All that one value names, by its shape. */
  #values(finds: Finds, word: ShellWord): void {
    const { text } = word;
    if (finds.words?.includes(text) === true) return;
    if (finds.shape === 'json' || /^\s*[[{]/.test(text)) {
      for (const value of this.#json(word)) this.#find(finds, word, value);
      return;
    }
    const parts = finds.shape === 'commas' ? text.split(',') : [text];
    for (const part of parts) {
      if (finds.shape === 'scaled') this.#find(finds, word, part.replace(/:[\d.]+$/, ''));
      else if (finds.shape === 'named' || finds.shape === 'commas')
        this.#find(finds, word, part.slice(part.indexOf('=') + 1));
      else this.#find(finds, word, part);
    }
  }

  #find(finds: Finds, word: ShellWord, text: string): void {
    this.#named.push(word.where);
    if (finds.finds === 'model') this.#namesModel = true;
    const read = readReference(text, finds.bare ?? 'hub');
    if (read.kind === 'path') this.#paths.push({ path: read.path, where: word.where });
    const [, repository] = read.kind === 'reference' ? (/^hf:\/\/([^@]+)/.exec(read.reference) ?? []) : [];
    if (repository !== undefined) this.#repositories.push({ path: repository, where: word.where });
  }

  /** Models in JSON: each of its properties is in the table, and none names more than one. */
  #json(word: ShellWord): readonly string[] {
    let json: unknown;
    try {
      json = word.text.length > MAX_JSON ? undefined : JSON.parse(word.text);
    } catch {
      json = undefined;
    }
    if (typeof json !== 'object' || json === null || Array.isArray(json)) {
      this.#refuse(word, `is given ${quotedWord(word.text)}, which is not a JSON object`);
      return [];
    }
    const named: string[] = [];
    for (const [key, value] of Object.entries(json)) {
      const pattern = Object.hasOwn(JSON_PROPERTIES, key) ? JSON_PROPERTIES[key] : undefined;
      if (pattern === undefined || typeof value === 'object' || !pattern.test(String(value)))
        this.#refuse(word, `is given JSON with ${quotedWord(key)}, which the tables do not know`);
      else if (['model', 'path', 'lora_path'].includes(key)) named.push(String(value));
    }
    if (named.length > 1) this.#refuse(word, `is given JSON that names more than one model`);
    return named.filter((name) => name !== 'ngram' && name !== '[ngram]');
  }

  #refuse({ where }: ShellWord, why: string): void {
    this.#unknown.push({ where, why });
  }
}

const MAX_JSON = 8_192;
const NUMBER = /^-?\d{1,9}(?:\.\d{1,9})?$/;
/** Of `--speculative-config`, `--lora-modules` (vLLM) and `--lora-paths` (SGLang), with how their values may look. */
const JSON_PROPERTIES: Readonly<Record<string, RegExp>> = {
  model: /^[^\n]{1,500}$/,
  path: /^[^\n]{1,500}$/,
  lora_path: /^[^\n]{1,500}$/,
  name: /^[\w./:-]{1,200}$/,
  lora_name: /^[\w./:-]{1,200}$/,
  base_model_name: /^[\w./:-]{1,200}$/,
  revision: /^[\w./-]{1,200}$/,
  code_revision: /^[\w./-]{1,200}$/,
  // A method of its own is a class that it imports.
  method: /^(?:ngram|eagle|eagle3|medusa|mtp|deepseek_mtp|draft_model|mlp_speculator|suffix)$/,
  num_speculative_tokens: NUMBER,
  prompt_lookup_max: NUMBER,
  prompt_lookup_min: NUMBER,
  draft_tensor_parallel_size: NUMBER,
  max_model_len: NUMBER,
  disable_by_batch_size: NUMBER,
  pinned: /^(?:true|false)$/,
};
