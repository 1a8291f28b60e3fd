import { type ByteSource, chunks } from '../../core/bytes/index.ts';
import { AssayError } from '../../core/index.ts';
import { type JsonEvents, type JsonScalar, type JsonToken, JsonWalker } from '../json/index.ts';
import { Facts } from './facts.ts';

/** Bytes of one configuration: tokenizers' hold their added tokens. What is longer is not read. */
export const MAX_CONFIG = 8 * 1024 * 1024;
const MAX_DEPTH = 64;

/**
 * `config`: config.json of Transformers. `adapter`: adapter_config.json of PEFT. `modules`: modules.json of Sentence
 * Transformers. `pipeline`: model_index.json of Diffusers. `part`: any other that can name code.
 */
export type ConfigKind = 'config' | 'adapter' | 'modules' | 'pipeline' | 'part';

/** One step of the way to a value: a key, or an index of an array. */
type Step = string | number;

/**
 * Reads what a configuration declares, and the code that it names for loaders to import, at any place in the file.
 * @param folder of the file, ending in `/`; empty for the root
 * @throws AssayError `malformed`, `truncated`, `limit`, and what reading throws.
 */
export async function readModelConfig(kind: ConfigKind, source: ByteSource, folder: string): Promise<Facts> {
  if (source.size > MAX_CONFIG) {
    throw new AssayError('limit', `has more than ${MAX_CONFIG} bytes`, { subject: source.name });
  }
  const reader = new ConfigReader(kind, folder);
  const walker = new JsonWalker(reader, { pythonNumbers: true, maxDepth: MAX_DEPTH });
  for await (const bytes of chunks(source)) walker.feed(bytes);
  walker.end();
  reader.finish();
  return reader.facts;
}

class ConfigReader implements JsonEvents {
  readonly facts = new Facts();
  readonly #kind: ConfigKind;
  readonly #folder: string;
  /** From 1 on: where the walk is in each container around. */
  readonly #steps: Step[] = [];
  #base = '';
  #revision = '';
  #library = '';

  constructor(kind: ConfigKind, folder: string) {
    this.#kind = kind;
    this.#folder = folder;
  }

  open(kind: 'object' | 'array', depth: number): void {
    this.#advance(depth);
    this.#steps[depth + 1] = kind === 'array' ? -1 : '';
  }

  key(name: string, depth: number): void {
    this.#steps[depth] = name;
  }

  scalar(kind: JsonScalar, token: JsonToken, depth: number): void {
    this.#advance(depth);
    if (this.#steps[depth] === 'trust_remote_code') {
      if (!['false', 'null', '0', ''].includes(token.text)) this.facts.trustsCode = true;
    } else if (kind === 'string') {
      if (this.#namesCode(depth)) this.facts.addCode(token.text, this.#folder);
      else this.#fact(token, depth);
    }
  }

  finish(): void {
    if (this.#base === '') return;
    const revision = ['', 'null', 'main'].includes(this.#revision) ? '' : `@${this.#revision}`;
    this.facts.add('baseModels', this.#base + revision);
  }

  #advance(depth: number): void {
    const step = this.#steps[depth];
    if (typeof step === 'number') this.#steps[depth] = step + 1;
  }

  /** `auto_map: {AutoModel: "module.Class"}`, of tokenizers in a list; `custom_pipelines: {task: {impl: "module.Class"}}`. */
  #namesCode(depth: number): boolean {
    const steps = this.#steps.slice(1, depth + 1);
    if (steps.includes('auto_map')) return true;
    return steps[depth - 1] === 'impl' && steps.includes('custom_pipelines');
  }

  #fact(token: JsonToken, depth: number): void {
    const [, first, second] = this.#steps;
    switch (this.#kind) {
      case 'config':
        if (depth === 1 && first === 'model_type') this.facts.add('modelType', token.text);
        if (depth === 1 && first === '_name_or_path') this.facts.add('savedFrom', token.text);
        if (depth === 2 && first === 'architectures') this.facts.add('architectures', token.text);
        return;
      case 'adapter':
        if (depth === 1 && first === 'base_model_name_or_path') this.#base = token.text;
        if (depth === 1 && first === 'revision') this.#revision = token.text;
        return;
      case 'modules':
        if (depth === 2 && second === 'type' && !token.text.startsWith('sentence_transformers.'))
          this.facts.addCode(token.text, this.#folder, true);
        return;
      case 'pipeline':
        if (depth === 1 && first === '_class_name') this.facts.add('architectures', token.text);
        if (depth === 2 && typeof second === 'number') this.#pipelinePart(String(first), second, token.text);
        return;
      case 'part':
        return;
    }
  }

  /** A part is `[library, class]`; the pipeline's own class is given so when its code is in the repository. */
  #pipelinePart(part: string, index: number, text: string): void {
    if (index === 0) this.#library = text;
    if (index !== 1) return;
    if (part === '_class_name') this.facts.addCode(`${this.#library}.${text}`, this.#folder);
    else this.facts.addCode(`${part}/${this.#library}.${text}`, this.#folder, true);
  }
}
