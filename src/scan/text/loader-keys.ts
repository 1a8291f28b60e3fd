import { isAssayError } from '../../core/index.ts';
import { readYaml } from '../../core/yaml/index.ts';
import type { GlobalPolicy } from '../lists/index.ts';
import type { Rule } from '../scanner/index.ts';
import { codePath } from './code-path.ts';
import type { Interest } from './interest.ts';
import { ARGUMENT_KEYS, INSTRUCTION_KEYS, MAYBE_TARGET_KEYS, TARGET_KEYS } from './keys.ts';
import { isNemoTarget } from './nemo.ts';
import { DANGEROUS_TARGET, TARGET } from './rules.ts';

/** Something that a loader would act on. */
export interface TextFinding {
  readonly rule: Rule;
  readonly message: string;
  readonly subject: string;
}

/** The keys of an open mapping so far. */
interface Frame {
  key: string;
  isMapping: boolean;
  hasArguments: boolean;
  /** Of a handler of logs: the file that it appends to. */
  file: string | undefined;
  readonly targets: { readonly key: string; readonly value: string }[];
}

export interface LoaderKeysOptions {
  readonly globals: GlobalPolicy;
  /** Whether loaders read such a document as settings: then `target` and its like count, too. */
  readonly settings: boolean;
  /** Whether NeMo reads it: then `target` and `cls` name classes, as `_target_` does, and those of its list only make objects. */
  readonly nemo?: boolean;
  /** Keys that mean something else in this file. */
  readonly except?: ReadonlySet<string>;
}

const MAX_FINDINGS = 100;
const MAX_TARGETS = 1_000;
/** Keys of a configuration of Keras under which a dotted name is one of Keras or TensorFlow. */
const KERAS_KEYS: ReadonlySet<string> = new Set(['module', 'function', 'name']);
/** Resolvers of OmegaConf that only read settings; others are functions that a program adds, such as `eval`. */
const RESOLVER = /\$\{\s{0,20}([\w.]{1,100}):/g;
const PLAIN_RESOLVERS: ReadonlySet<string> = new Set(['oc.select', 'oc.dict.keys', 'oc.dict.values', 'oc.deprecated']);
/** Keys under which NeMo finds a class, beside `_target_` (Serialization.from_config_dict), and Hydra's that say how it is called. */
const NEMO_KEYS: ReadonlySet<string> = new Set(['target', 'cls']);
const NEMO_DATA: ReadonlySet<string> = new Set(['_partial_', '_args_', '_recursive_', '_convert_']);
/** An interpolation whose own text is computed may become a resolver. */
const NESTED = /\$\{[^{}]{0,200}\$\{/;
const MAX_TUPLE = 20_000;
const MAX_TUPLE_DEPTH = 4;
/** A handler of `logging.config` that appends to a file, and a log within the folder of the run. */
const LOG_FILES = /^logging\.(?:FileHandler|handlers\.(?:Rotating|TimedRotating|Watched)FileHandler)$/;
const LOG_NAME = /^(?:\$\{hydra\.[\w.:]{1,60}\}\/)?(?:[\w-]|\$\{hydra\.[\w.]{1,60}\}){1,100}\.(?:log|txt)$/;
const DOTTED = /^[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+$/;
const CORE_TAG =
  /^(?:!|tag:yaml\.org,2002:(?:str|int|float|bool|null|seq|map|set|omap|pairs|binary|timestamp|merge|value))$/;
const PYTHON_TAG = /^tag:yaml\.org,2002:python\/(?:object\/apply|object\/new|object|name|module):?(.*)$/s;

/**
 * Listens to a walk over a document and says what in it makes a loader import or call something. Follows mappings, because
 * `target` means something only beside `params`.
 */
export class LoaderKeys {
  readonly findings = new Map<string, TextFinding>();
  readonly interests = new Set<Interest>();
  /** Whether keys that Keras has too name code: a configuration of Keras is judged apart. */
  namesAsKeras = false;
  /** Texts that a loader may render, and whether their key says so. */
  readonly templates: { readonly text: string; readonly declared: boolean }[] = [];
  readonly #options: LoaderKeysOptions;
  readonly #frames: Frame[] = [];
  #templateDepth = Number.POSITIVE_INFINITY;
  #tupleDepth = 0;

  constructor(options: LoaderKeysOptions) {
    this.#options = options;
  }

  open(kind: 'mapping' | 'object' | 'sequence' | 'array'): void {
    const isMapping = kind === 'mapping' || kind === 'object';
    // What such a target means is the loader's affair.
    if (this.#options.nemo === true && TARGET_KEYS.has(this.#frames.at(-1)?.key ?? ''))
      this.interests.add('format.instantiation.scan');
    this.#frames.push({ key: '', isMapping, hasArguments: false, file: undefined, targets: [] });
  }

  close(): void {
    const frame = this.#frames.pop();
    if (this.#frames.length < this.#templateDepth) this.#templateDepth = Number.POSITIVE_INFINITY;
    for (const { key, value } of frame?.targets ?? []) {
      const isLog = key === 'class' && LOG_FILES.test(value) && LOG_NAME.test(frame?.file ?? '');
      if (isLog) this.#names(`${key}: ${value}, which writes the log ${frame?.file ?? ''}`, value);
      else this.#maybeTarget(key, value, frame?.hasArguments === true);
    }
  }

  key(name: string): void {
    const frame = this.#frames[this.#frames.length - 1];
    if (frame === undefined) return;
    frame.key = name;
    if (this.#frames.length <= this.#templateDepth)
      this.#templateDepth =
        name === 'chat_template' || name === 'chat_templates' ? this.#frames.length : Number.POSITIVE_INFINITY;
    if (ARGUMENT_KEYS.has(name)) frame.hasArguments = true;
    const interest = INSTRUCTION_KEYS.get(name);
    const isPlain = interest === 'format.chat-template.scan' || (this.#options.nemo === true && NEMO_DATA.has(name));
    if (interest !== undefined && !isPlain) this.interests.add(interest);
    if (name === 'template_format') this.interests.add('format.chat-template.scan');
  }

  scalar(text: string): void {
    const frame = this.#frames[this.#frames.length - 1];
    const isTemplate = this.#frames.length >= this.#templateDepth;
    if (isTemplate || (this.#options.settings && /\{[{%]/.test(text))) this.#template(text, isTemplate);
    if (this.#options.settings && text.includes('${')) this.#resolvers(text);
    if (this.#options.settings) this.#tuple(text);
    if (frame === undefined) return;
    // `{"py/reduce": ["os.system", ...]}`: what is called stands first in a list.
    const key = frame.isMapping ? frame.key : this.#listKey();
    if (key === 'filename') frame.file = text;
    if (TARGET_KEYS.has(key) || (this.#options.nemo === true && NEMO_KEYS.has(key))) this.target(key, text);
    else if (frame.isMapping && this.#isMaybe(key) && frame.targets.length < MAX_TARGETS)
      frame.targets.push({ key, value: text });
    else if (frame.isMapping && this.#options.settings && text.length < 200 && DOTTED.test(text)) this.#anyValue(text);
  }

  /** Under a key that is not known, some loaders take a path for a function (jsonargparse's callables). */
  #anyValue(text: string): void {
    if (codePath(text, this.#options.globals).kind !== 'dangerous') return;
    this.#named(this.#frames.at(-1)?.key ?? '');
  }

  /** A key that is known to name code, and its value. */
  target(key: string, value: string): void {
    const path = codePath(value, this.#options.globals);
    if (path.kind === 'dangerous') this.#dangerous(`${key}: ${path.path}`, path.path, path.danger);
    else if (path.kind === 'path' && this.#isNemoClass(value)) return;
    else if (path.kind === 'path' && !path.allowed) this.#names(`${key}: ${path.path}`, path.path);
    else if (path.kind === 'computed') this.#names(`${key}: ${path.path}, which the loader computes`, key);
    else if (path.kind !== 'path') this.interests.add('format.instantiation.scan');
  }

  /** As it is written: NeMo's loader takes no blanks away. */
  #isNemoClass(value: string): boolean {
    return this.#options.nemo === true && isNemoTarget(value) && !this.#options.globals.shadows(value);
  }

  /** A tag of YAML, with the text that it is of. */
  tag(tag: string, text: string | undefined): void {
    if (CORE_TAG.test(tag)) return;
    this.interests.add('format.yaml-tags.scan');
    const python = PYTHON_TAG.exec(tag)?.[1];
    const written = tag.startsWith('!') ? tag.slice(1) : tag.replace(/^tag:[^:]*:/, '');
    const colon = written.indexOf(':');
    const target = python ?? (colon < 0 ? written : written.slice(colon + 1));
    for (const part of new Set([target, written, target === '' || colon < 0 ? (text ?? '') : '']))
      if (part !== '') this.#tagTarget(tag, part);
    if ((python !== undefined || /^(?:new|apply|applyref|name|module|include)(?::|$)/.test(written)) && colon >= 0)
      this.#names(`the tag ${tag.slice(0, 200)}`, tag.slice(0, 200));
  }

  /** Other pairs of settings in lines, where there is nothing around them. */
  pair(key: string, value: string): void {
    if (TARGET_KEYS.has(key)) this.target(key, value);
    else if (this.#isMaybe(key)) this.#maybeTarget(key, value, false);
    const interest = INSTRUCTION_KEYS.get(key);
    if (interest !== undefined) this.interests.add(interest);
  }

  #listKey(): string {
    for (let i = this.#frames.length - 1; i >= 0; i--) {
      const frame = this.#frames[i];
      if (frame?.isMapping === true) return frame.key.startsWith('py/') ? frame.key : '';
    }
    return '';
  }

  #isMaybe(key: string): boolean {
    return this.#options.settings && MAYBE_TARGET_KEYS.has(key) && this.#options.except?.has(key) !== true;
  }

  #maybeTarget(key: string, value: string, withArguments: boolean): void {
    const path = codePath(value, this.#options.globals);
    if (path.kind === 'dangerous' && (path.path.includes('.') || withArguments))
      this.#dangerous(`${key}: ${path.path}`, path.path, path.danger);
    else if (path.kind === 'path' && path.allowed) return;
    else if (path.kind === 'path' && key === 'target' && withArguments) this.#names(`${key}: ${path.path}`, path.path);
    else if (path.kind === 'path') this.#named(key);
    else if (path.kind === 'computed' && withArguments)
      this.#names(`${key}: ${path.path}, which the loader computes`, key);
    else if (path.kind === 'computed' && key === 'target') this.interests.add('format.instantiation.scan');
  }

  #named(key: string): void {
    if (KERAS_KEYS.has(key)) this.namesAsKeras = true;
    else this.interests.add('format.instantiation.scan');
  }

  #tagTarget(tag: string, target: string): void {
    const shown = `the tag ${tag.slice(0, 200)}`;
    const named = codePath(target, this.#options.globals);
    const builtin = named.kind === 'word' ? codePath(`builtins.${named.path}`, this.#options.globals) : named;
    const path = builtin.kind === 'dangerous' ? builtin : named;
    const module = path.kind === 'word' ? codePath(`${path.path}.x`, this.#options.globals) : path;
    if (path.kind === 'dangerous') this.#dangerous(shown, path.path, path.danger);
    else if (module.kind === 'dangerous') this.#dangerous(shown, path.kind === 'word' ? path.path : '', module.danger);
    else if ((path.kind === 'path' && !path.allowed) || path.kind === 'computed') this.#names(shown, path.path);
  }

  /**
   * `(!!python/object/apply:os.system [x])` in a value, quoted or not: HyperPyYAML reads it as YAML once more, with a loader that
   * runs its tags (`_make_tuple`).
   */
  #tuple(text: string): void {
    const whole = text.startsWith('(') && text.includes('!') ? text.trimEnd() : '';
    if (!whole.endsWith(')')) return;
    const inner = whole.slice(1, -1);
    if (inner.length > MAX_TUPLE || this.#tupleDepth >= MAX_TUPLE_DEPTH) {
      this.interests.add('format.yaml-tags.scan');
      return;
    }
    this.#tupleDepth++;
    try {
      const events = {
        tag: (tag: string, of: string | undefined) => this.tag(tag, of),
        scalar: (value: string) => this.#tuple(value),
      };
      readYaml(`[${inner}]`, events, { maxDepth: MAX_TUPLE_DEPTH * 10, dialect: 'pyyaml' });
    } catch (error) {
      // A sentence in brackets: no loader builds anything from what is not YAML.
      if (!isAssayError(error) || (error.code !== 'malformed' && error.code !== 'limit')) throw error;
      if (error.code === 'limit') this.interests.add('format.yaml-tags.scan');
    } finally {
      this.#tupleDepth--;
    }
  }

  #template(text: string, declared: boolean): void {
    if (this.templates.length < MAX_TARGETS) this.templates.push({ text, declared });
    else this.interests.add('format.chat-template.scan');
  }

  #resolvers(text: string): void {
    for (const [, name = ''] of text.slice(0, 100_000).matchAll(RESOLVER)) {
      if (!PLAIN_RESOLVERS.has(name)) this.interests.add('format.instantiation.scan');
    }
    if (NESTED.test(text.slice(0, 100_000))) this.interests.add('format.instantiation.scan');
  }

  #dangerous(shown: string, subject: string, danger: string): void {
    this.#add({ rule: DANGEROUS_TARGET, message: `The document has ${shown}: that name ${danger}.`, subject });
  }

  #names(shown: string, subject: string): void {
    this.#add({
      rule: TARGET,
      message: `The document has ${shown}: a loader would import and call that name.`,
      subject,
    });
  }

  #add(finding: TextFinding): void {
    if (this.findings.size < MAX_FINDINGS || finding.rule === DANGEROUS_TARGET)
      this.findings.set(`${finding.rule.id}\n${finding.subject}`, finding);
  }
}
