import { type FileBudget, isAssayError } from '../../core/index.ts';
import { readYaml, YAML_DIALECTS, type YamlDialect } from '../../core/yaml/index.ts';
import { readSettings } from '../../formats/settings/index.ts';
import { isTextName } from '../../formats/source/index.ts';
import type { GlobalPolicy } from '../lists/index.ts';
import type { Interest } from './interest.ts';
import { TARGET_KEYS } from './keys.ts';
import { LoaderKeys, type TextFinding } from './loader-keys.ts';
import { isProse } from './prose.ts';
import { DANGEROUS_TARGET, TARGET } from './rules.ts';
import { judgeTemplates, type TemplateText } from './templates.ts';

/** A text, and what it claims to be. */
export interface TextForm {
  readonly text: string;
  /** The id of its format: `yaml`, `text`, `markdown`, ... */
  readonly kind: string;
  readonly path: string;
  /** Whether NeMo reads it as the configuration of a model. */
  readonly nemo: boolean;
  readonly globals: GlobalPolicy;
  readonly budget: FileBudget;
}

export interface TextJudgement {
  readonly findings: readonly TextFinding[];
  readonly interests: ReadonlySet<Interest>;
  readonly why: ReadonlyMap<Interest, string>;
  /** Whether each name of code was found, and is listed or told as a finding. */
  readonly settled: boolean;
}

const MAX_DEPTH = 200;
const MAX_SPACY = 1024 * 1024;
/** Ends of lines to some readers of YAML, and letters to others; marks and tags that only some read as such. */
const DISPUTED_BREAKS = /[\x85\u2028\u2029]/;
const DISPUTED = /[\x85\u2028\u2029]|(?!^)\ufeff|![^\s!]*[,[\]]|[&*][\w-]+[?:%@`]/;
/** What a line would have to hold to be such a key; escapes hide its letters. */
const MAY_NAME_CODE = /_target_|_component_|class_path|py\/|\\[xuU]/i;
/** The section of a pipeline of spaCy. */
const SPACY_CONFIG = /^\[nlp\][ \t]*$/m;
/** Text in which braces and dotted names are ordinary. */
const PROSE_KINDS: ReadonlySet<string> = new Set(['markdown', 'csv']);

/**
 * What loaders that take a text for a document would make of it: YAML whatever its name, settings and templates where its name
 * or its content says so.
 * @throws AssayError `limit`
 */
export async function judgeText(form: TextForm): Promise<TextJudgement> {
  return new TextJudge(form).judge();
}

class TextJudge {
  readonly #form: TextForm;
  readonly #findings = new Map<string, TextFinding>();
  readonly #interests = new Set<Interest>();
  readonly #why = new Map<Interest, string>();
  readonly #templates: TemplateText[] = [];
  /** What each document of YAML holds. */
  #documents: LoaderKeys[] = [];
  #settled = false;

  constructor(form: TextForm) {
    this.#form = form;
  }

  async judge(): Promise<TextJudgement> {
    const { text, kind } = this.#form;
    const disputed = isDisputed(text);
    for (const dialect of disputed ? YAML_DIALECTS : (['pyyaml'] as const)) this.#yaml(dialect);
    if (!disputed && kind === 'yaml') await this.#config();
    for (const keys of this.#documents) this.#take(keys);
    if (kind === 'yaml' && DISPUTED_BREAKS.test(text))
      this.#doubt('format.yaml.scan', 'it has characters that end a line for some parsers only');
    // Under any other name of text, only keys that mean nothing else count.
    if (kind === 'settings' || (kind === 'text' && MAY_NAME_CODE.test(text))) this.#settings(kind === 'settings');
    if (kind === 'settings' && SPACY_CONFIG.test(text)) await this.#spacy();
    if (/\.gin$/i.test(this.#form.path)) await this.#gin();
    if (kind === 'jinja') this.#templates.push({ text, declared: true });
    else if (kind === 'text' && /\{[{%]/.test(text) && !/\.(?:tex|bib)$/i.test(this.#form.path))
      this.#templates.push({ text, declared: text.includes('{%') });
    if (kind === 'text' && !isTextName(this.#form.path) && !isProse(text)) this.#interests.add('format.text.scan');
    this.#judgeTemplates();
    return {
      findings: [...this.#findings.values()],
      interests: this.#interests,
      why: this.#why,
      settled: this.#settled,
    };
  }

  #doubt(interest: Interest, why: string): void {
    this.#interests.add(interest);
    if (!this.#why.has(interest)) this.#why.set(interest, why);
  }

  /**
   * A document counts once it is complete: loaders build nothing from a document that breaks off, but build all documents
   * before it.
   */
  #yaml(dialect: YamlDialect): void {
    const { text, kind, globals, budget, nemo } = this.#form;
    budget.work(text.length);
    // What MLflow loads a model with is judged with the artifact as a whole.
    const except = new Set(/(?:^|[/!])MLmodel$/.test(this.#form.path) ? ['loader_module'] : []);
    const listen = () => new LoaderKeys({ globals, settings: !PROSE_KINDS.has(kind), nemo, except });
    let keys = listen();
    const commit = () => {
      this.#documents.push(keys);
      keys = listen();
    };
    try {
      const events = {
        open: (one: 'mapping' | 'sequence') => keys.open(one),
        close: () => keys.close(),
        key: (name: string) => keys.key(name),
        scalar: (value: string) => keys.scalar(value),
        tag: (tag: string, value: string | undefined) => keys.tag(tag, value),
        document: commit,
      };
      readYaml(text, events, { maxDepth: MAX_DEPTH, dialect });
    } catch (error) {
      if (!isAssayError(error) || error.code !== 'malformed') throw error;
      if (kind !== 'yaml') return;
      commit();
      this.#doubt('format.yaml.scan', error.message);
    }
  }

  /** A configuration of a framework: names that are listed, with what they are given, are no findings. */
  async #config(): Promise<void> {
    const [keys] = this.#documents;
    const { text, nemo, globals, budget } = this.#form;
    if (keys === undefined || this.#documents.length > 1 || nemo || !namesCode(keys)) return;
    const { judgeConfig } = await import('./configs/index.ts');
    budget.work(text.length);
    const { rest, objection, why } = judgeConfig(text, globals);
    if (rest !== undefined) {
      this.#documents = [rest];
      this.#settled = true;
    }
    for (const [key, finding] of (rest ?? keys).findings) {
      const reason = finding.rule === TARGET ? why.get(finding.subject) : undefined;
      const more = reason ?? (finding.rule === TARGET ? objection : undefined);
      if (more !== undefined)
        (rest ?? keys).findings.set(key, { ...finding, message: `${finding.message} Not clean: ${more}.` });
    }
  }

  #take(keys: LoaderKeys): void {
    for (const [key, finding] of keys.findings) this.#findings.set(key, finding);
    for (const interest of keys.interests) this.#interests.add(interest);
    if (keys.namesAsKeras) this.#interests.add('format.instantiation.scan');
    this.#templates.push(...keys.templates);
  }

  /** A file of gin calls what it refers to. */
  async #gin(): Promise<void> {
    const { text, globals, budget } = this.#form;
    const { ginDangers } = await import('./configs/index.ts');
    budget.work(text.length);
    for (const { path, danger } of ginDangers(text, globals)) {
      const message = `The document has @${path}: that name ${danger}.`;
      this.#findings.set(`${DANGEROUS_TARGET.id}\n${path}`, { rule: DANGEROUS_TARGET, message, subject: path });
    }
  }

  /** Names of spaCy's catalogue are in keys with `@`, which are settings of nothing else. */
  async #spacy(): Promise<void> {
    const { text, globals, budget } = this.#form;
    if (text.length > MAX_SPACY || this.#findings.size > 0 || !this.#interests.has('format.settings.scan')) return;
    const { judgeSpacyConfig } = await import('./configs/index.ts');
    budget.work(text.length);
    const objection = judgeSpacyConfig(text, globals);
    if (objection === undefined) this.#interests.delete('format.settings.scan');
    else this.#doubt('format.settings.scan', objection);
  }

  #settings(claimed: boolean): void {
    const { text, globals, budget } = this.#form;
    budget.work(text.length);
    const keys = new LoaderKeys({ globals, settings: claimed });
    readSettings(text, {
      section: (name) => {
        if (
          claimed &&
          /^(?:loggers|handlers|formatters|(?:logger|handler|formatter)_|app:|filter:|composite:|server:)/i.test(name)
        )
          this.#interests.add('format.settings.scan');
      },
      pair: (name, value) => {
        if (!claimed) {
          if (TARGET_KEYS.has(name.toLowerCase())) keys.target(name, value);
          return;
        }
        if (name.startsWith('@') || /^@(?:jinja|format|py)/i.test(value)) this.#interests.add('format.settings.scan');
        // Python's configparser converts keys to lower case.
        keys.pair(name.toLowerCase(), value);
        if (/\{[{%]/.test(value)) this.#templates.push({ text: value, declared: false });
      },
    });
    this.#take(keys);
  }

  #judgeTemplates(): void {
    const { findings, why } = judgeTemplates(this.#templates);
    for (const finding of findings) this.#findings.set(`${finding.rule.id}\n${finding.subject}`, finding);
    for (const [interest, reason] of why) this.#doubt(interest, reason);
  }
}

/** Whether names of code are all that keeps a document from being data. */
function namesCode({ findings, interests }: LoaderKeys): boolean {
  const found = [...findings.values()];
  if (found.some(({ rule }) => rule === DANGEROUS_TARGET)) return false;
  return found.length > 0 || interests.has('format.instantiation.scan') || interests.has('format.yaml-tags.scan');
}

/** Whether the dialects of YAML may read a text differently. */
function isDisputed(text: string): boolean {
  const open = text.search(/[[{]/);
  return DISPUTED.test(text) || (open >= 0 && /\?(?:\s|$)/.test(text.slice(open)));
}
