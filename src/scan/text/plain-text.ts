import { chunks } from '../../core/bytes/index.ts';
import { AssayError } from '../../core/index.ts';
import {
  controlAt,
  type Encoding,
  extensionOf,
  newDecoder,
  probeOf,
  refineText,
  textHead,
} from '../../formats/index.ts';
import { JsonWalker } from '../../formats/json/index.ts';
import { isCodeName, SOURCE_CODE } from '../../formats/source/index.ts';
import { judgeNativeModel } from '../native-models/index.ts';
import { repositoryRules } from '../repository/index.ts';
import { type Rule, type ScanContext, type Scanner, type ScanTarget, SUPPLY_CHAIN } from '../scanner/index.ts';
import { isPython, mayArm } from './code-concern.ts';
import { type Interest, leaveInterests } from './interest.ts';
import { JsonInterest, leadsIntoGit } from './json-interest.ts';
import { judgeText } from './judge-text.ts';
import { LoaderKeys, type TextFinding } from './loader-keys.ts';
import { isNemoConfig } from './nemo.ts';
import { DECODED_COMMAND, textRules } from './rules.ts';
import { judgeTemplates } from './templates.ts';
import { findInterests, interestsOfKind, OVERLAP } from './text-interest.ts';
import { itemFindings, shardFindings, shardRules, type WeightMap } from './weights/index.ts';

const DUPLICATE_KEY: Rule = {
  id: 'data.json-duplicate-key',
  title: 'JSON repeats a key that loaders act on',
  severity: 'medium',
  verdict: 'suspicious',
  explanation:
    'One object has the same key twice, and this key tells a loader what to build or import. One parser takes the first value, another the last: the loader can act on another value than the scanner read.',
  remedy: 'Remove the wrong value. No JSON library writes a key twice.',
  owasp: SUPPLY_CHAIN.owasp,
  atlas: SUPPLY_CHAIN.atlas,
  cwe: ['CWE-694'],
};

const SITE_FILE: Rule = {
  id: 'python.site-file',
  title: 'A Python path file runs code',
  severity: 'high',
  verdict: 'suspicious',
  explanation:
    'A `.pth` file of text is not a checkpoint. In a site-packages folder, Python runs each line of it that begins with `import`, at every start and before any program.',
  remedy: 'Remove it. A model needs no path file.',
  owasp: SUPPLY_CHAIN.owasp,
  atlas: SUPPLY_CHAIN.atlas,
  cwe: ['CWE-427', 'CWE-506'],
};

const HIDDEN_PATH: Rule = {
  id: 'data.path-into-git',
  title: 'A document names a file in the .git folder',
  severity: 'high',
  verdict: 'suspicious',
  explanation:
    'A scan skips the .git folder, and no model keeps its files there. A document that names a file in that folder, such as an index of weights, makes a loader open a file that was not scanned.',
  remedy: 'Name a file outside of the .git folder. No tool that saves models writes such a path.',
  owasp: SUPPLY_CHAIN.owasp,
  atlas: SUPPLY_CHAIN.atlas,
  cwe: ['CWE-552', 'CWE-829'],
};

/** Characters of a text that is read as a whole. */
const MAX_WHOLE = 8 * 1024 * 1024;
/** Bytes of a model of TensorFlow.js, and what each takes at most once it is parsed. */
const MAX_WEB_MODEL = 16 * 1024 * 1024;
const PARSED_BYTES = 16;
/** Models in JSON, their reader and their format. */
const TREE_MODELS = [
  ['format.xgboost-json.scan', 'xgboost', 'xgboost-json'],
  ['format.catboost-json.scan', 'catboost-json', 'catboost-json'],
] as const;
/** Kinds of text that must be read as what they claim to be. */
const CLAIMS: ReadonlySet<string> = new Set(['yaml', 'settings', 'jinja']);
/** What a text that is too long to be read as YAML would have to hold to be more than data there. */
const MAY_BE_YAML =
  /(?:^|[\s[{,:?-])![\w!<%:/-]{0,100}[.:]\w|_target_|_component_|class_path|"[^"\n]{0,100}\\[xuU][0-9a-fA-F]/;

/** Checks that text is text to its end, and names what in it would make a loader run something. */
export const plainTextScanner: Scanner = {
  id: 'plain-text',
  formats: [
    'empty',
    'text',
    'markdown',
    'csv',
    'settings',
    'source-code',
    'json',
    'jsonl',
    'yaml',
    'xml',
    'html',
    'svg',
    'jinja',
    'python',
    'javascript',
    'shell',
    'tf-checkpoint-state',
  ],
  rules: [DUPLICATE_KEY, SITE_FILE, HIDDEN_PATH, ...shardRules, ...textRules, ...repositoryRules],
  async scanFile(target, context) {
    if (target.source.size === 0) return;
    await new TextScan(target, context).run();
  },
};

class TextScan {
  readonly #target: ScanTarget;
  readonly #context: ScanContext;
  readonly #kind: string;
  readonly #name: string;
  readonly #path: string;
  readonly #json:
    | { readonly interest: JsonInterest; readonly walker: JsonWalker; readonly keys: LoaderKeys }
    | undefined;
  readonly #interests = new Set<Interest>();
  readonly #why = new Map<Interest, string>();
  readonly #whole: string[] = [];
  #length = 0;
  readonly #hidden = new Set<string>();
  #carry = '';
  #siteLine = false;
  #mayBeYaml = false;

  constructor(target: ScanTarget, context: ScanContext) {
    this.#target = target;
    this.#context = context;
    const path = target.member ?? target.file;
    const refined = refineText(path, target.format);
    if (refined !== target.format) context.identified(refined.id);
    this.#kind = refined.id;
    this.#name = path.slice(Math.max(path.lastIndexOf('/'), path.lastIndexOf('!')) + 1);
    this.#path = path;
    for (const interest of interestsOfKind(this.#kind, this.#name)) this.#interests.add(interest);
    if (isCodeName(path) || (extensionOf(path) !== '' && SOURCE_CODE.extensions.includes(extensionOf(path))))
      this.#interests.add('format.source-code.scan');
    if (extensionOf(path) === '.pth') this.#interests.add('format.site-file.scan');
    if (this.#kind === 'json' || this.#kind === 'jsonl') {
      const except = this.#name === 'modules.json' ? new Set(['type']) : new Set<string>();
      const keys = new LoaderKeys({ globals: context.globals, settings: this.#kind === 'json', except });
      const interest = new JsonInterest(this.#name, keys);
      this.#json = {
        interest,
        keys,
        walker: new JsonWalker(interest, { multiple: this.#kind === 'jsonl', pythonNumbers: true }),
      };
    }
  }

  async run(): Promise<void> {
    const { source } = this.#target;
    let encoding = textHead(await probeOf(source))?.encoding;
    if (encoding === undefined) throw new AssayError('malformed', 'is not text', { subject: source.name });
    let decoder = newDecoder(encoding);
    let at = 0;
    for await (const bytes of chunks(source)) {
      let text: string;
      try {
        text = decoder.decode(bytes, { stream: at + bytes.length < source.size });
      } catch {
        // The text begins as UTF-8 and continues in an 8-bit code page: its ASCII characters are still correct.
        encoding = 'latin1';
        decoder = newDecoder(encoding);
        text = decoder.decode(bytes);
      }
      if (!this.#looksLikeText(text, bytes, at, encoding)) return;
      this.#json?.walker.feed(encoding === 'utf-8' || encoding === 'latin1' ? bytes : Buffer.from(text));
      this.#look(text);
      if (this.#json === undefined) this.#keep(text);
      this.#context.cover(at, at + bytes.length, 'parsed');
      at += bytes.length;
    }
    await this.#judgeKeras(encoding);
    await this.#judgeWebModel(encoding);
    await this.#judgeTrees(encoding);
    await this.#json?.interest.graph.judge(this.#context);
    await this.#judgeCode(encoding);
    await this.#finish();
  }

  #looksLikeText(text: string, bytes: Uint8Array, at: number, encoding: Encoding): boolean {
    const control = controlAt(text);
    let high = 0;
    if (encoding === 'latin1') for (const byte of bytes) if (byte >= 0x80) high++;
    if (control < 0 && high * 10 <= bytes.length * 3) return true;
    this.#context.incomplete(`starts as text and continues as binary data, near byte ${at + Math.max(0, control)}`);
    return false;
  }

  #look(text: string): void {
    const window = this.#carry + text;
    // Keys and values of JSON are checked one by one; the raw text adds nothing.
    if (this.#json === undefined) {
      findInterests(window, this.#kind, this.#interests);
      this.#mayBeYaml ||= MAY_BE_YAML.test(window);
    }
    if (this.#name === 'MLmodel') this.#lookAtMlflow(window);
    if (this.#name.toLowerCase().endsWith('.pth') && /^import[ \t]/m.test(window)) this.#siteLine = true;
    this.#carry = window.slice(-OVERLAP);
  }

  #keep(text: string): void {
    this.#length += text.length;
    if (this.#length > MAX_WHOLE) this.#whole.length = 0;
    else {
      // Two bytes for each character, and as much again when the pieces are joined.
      this.#context.budget.hold(4 * text.length);
      this.#whole.push(text);
    }
  }

  /** What loaders would make of the text as a whole. */
  async #judgeWhole(): Promise<void> {
    const { context, kind } = { context: this.#context, kind: this.#kind };
    if (this.#length > MAX_WHOLE) {
      if (CLAIMS.has(kind)) throw new AssayError('limit', `is ${kind} of more than ${MAX_WHOLE} characters`);
      if (this.#mayBeYaml) this.#report([], new Map([['format.yaml.scan', 'it is too long to be read as YAML']]));
      return;
    }
    const { globals, budget } = context;
    const text = this.#whole.join('');
    const { member } = this.#target;
    const nemo = member !== undefined && isNemoConfig(member);
    const form = { text, kind, path: this.#path, globals, budget, nemo };
    const { findings, interests, why, settled } = await judgeText(form);
    // Every target was judged.
    if (nemo || settled) this.#interests.delete('format.hydra-config.scan');
    for (const interest of interests) this.#interests.add(interest);
    this.#report(findings, why);
    if (this.#interests.has('format.source-code.scan') && !isPython(kind, this.#name)) await this.#judgeCommands(text);
    budget.release(4 * this.#length);
  }

  /** Commands are told by their words, and never proved harmless. */
  async #judgeCommands(text: string): Promise<void> {
    const { commandFacts } = await import('./commands.ts');
    this.#context.budget.work(text.length);
    const { facts, decoded } = commandFacts(text, /\.ya?ml$/i.test(this.#name) ? 'yaml' : this.#kind);
    for (const { line, how } of decoded) {
      const message = `A command decodes ${how}, and runs what this gives.`;
      this.#context.report({ rule: DECODED_COMMAND, message, subject: how, ...(line > 0 && { line }) });
    }
    if (facts.length > 0) this.#why.set('format.source-code.scan', facts.join('; '));
  }

  /** A configuration of Keras is judged as a whole, by the scanner of those in other files. */
  async #judgeKeras(encoding: Encoding): Promise<void> {
    if (this.#kind !== 'json' || this.#json === undefined) return;
    this.#json.walker.end();
    if (!this.#json.interest.interests.has('format.keras-config.scan')) return;
    const { source, depth } = this.#target;
    const { judgeKerasDocument, MAX_DOCUMENT_BYTES } = await import('../keras/judge/index.ts');
    if (source.size > MAX_DOCUMENT_BYTES) return;
    this.#context.budget.hold(2 * source.size);
    const raw = await source.read(0, source.size);
    const utf8 = encoding === 'utf-8' || encoding === 'latin1';
    const bytes = utf8 ? raw : Buffer.from(newDecoder(encoding).decode(raw));
    const certain = depth > 0 && this.#name === 'config.json';
    const kind = judgeKerasDocument(bytes, this.#context, { name: this.#name, certain });
    if (kind === 'configuration') {
      this.#json.interest.interests.delete('format.keras-config.scan');
      this.#json.keys.namesAsKeras = false;
    }
    this.#context.budget.release(2 * source.size);
  }

  /** A model of TensorFlow.js is a graph as JSON. */
  async #judgeWebModel(encoding: Encoding): Promise<void> {
    const found = this.#json?.interest.interests;
    if (found?.has('format.tensorflow-js.scan') !== true || encoding !== 'utf-8') return;
    const { source } = this.#target;
    if (source.size > MAX_WEB_MODEL) return;
    const held = PARSED_BYTES * source.size;
    this.#context.budget.hold(held);
    const { judgeWebModel } = await import('../tensorflow/judge/index.ts');
    if (judgeWebModel(await source.read(0, source.size), this.#target, this.#context))
      found.delete('format.tensorflow-js.scan');
    this.#context.budget.release(held);
  }

  /** A model of a library of trees, which reads it as UTF-8. */
  async #judgeTrees(encoding: Encoding): Promise<void> {
    const found = this.#json?.interest.interests;
    if (found === undefined || encoding !== 'utf-8') return;
    for (const [interest, model, format] of TREE_MODELS) {
      if (!found.has(interest)) continue;
      await judgeNativeModel(model, this.#target.source, format, this.#context);
      this.#context.identified(format);
      found.delete(interest);
    }
  }

  /** Python, and what makes programs run it, is told as facts: the artifact as a whole says what they come to. */
  async #judgeCode(encoding: Encoding): Promise<void> {
    const { source } = this.#target;
    if (isPython(this.#kind, this.#name)) {
      const { scanPython } = await import('../python/index.ts');
      const summary = await scanPython(source, this.#context);
      this.#interests.add('format.source-code.scan');
      this.#why.set('format.source-code.scan', summary);
    }
    if (!mayArm(this.#kind, this.#path, [...this.#interests, ...(this.#json?.interest.interests ?? [])])) return;
    const { tellArmings } = await import('../repository/arming/index.ts');
    await tellArmings({ source, kind: this.#kind, path: this.#path, encoding }, this.#context);
  }

  #tellShards(weights: WeightMap): void {
    if (weights.excess !== undefined) this.#context.incomplete(weights.excess);
    const fact = weights.fact();
    if (fact !== undefined) this.#context.tells(fact);
  }

  #report(findings: readonly TextFinding[], why: ReadonlyMap<Interest, string>): void {
    for (const finding of findings) this.#context.report(finding);
    for (const [interest, reason] of why) {
      this.#interests.add(interest);
      this.#why.set(interest, reason);
    }
  }

  /** MLflow's own description of a model names its files in YAML. */
  #lookAtMlflow(window: string): void {
    for (const word of window.split(/[\s"',[\]{}]+/))
      if (word.includes('.git') && this.#hidden.size < 20 && leadsIntoGit(word)) this.#hidden.add(word);
  }

  async #finish(): Promise<void> {
    if (this.#json !== undefined) {
      if (this.#kind === 'jsonl') this.#json.walker.end();
      this.#tellShards(this.#json.interest.weights);
      const { interest: found, keys } = this.#json;
      for (const interest of [...found.interests, ...keys.interests]) this.#interests.add(interest);
      if (keys.namesAsKeras) this.#interests.add('format.instantiation.scan');
      const { findings, why } = judgeTemplates(keys.templates);
      this.#report(
        [
          ...keys.findings.values(),
          ...findings,
          ...shardFindings(this.#json.interest.weights.files),
          ...itemFindings(this.#json.interest.items),
        ],
        why,
      );
      for (const { key, at } of this.#json.interest.duplicates) {
        this.#context.report({
          rule: DUPLICATE_KEY,
          message: `One object has the key "${key}" twice.`,
          subject: key,
          offset: at,
        });
      }
    }
    for (const path of [...this.#hidden, ...(this.#json?.interest.hidden ?? [])]) {
      const message = `The document names ${JSON.stringify(path.slice(0, 200))}, which is in a folder that a scan skips.`;
      this.#context.report({ rule: HIDDEN_PATH, message, subject: path.slice(0, 200) });
    }
    if (this.#siteLine) {
      this.#context.report({
        rule: SITE_FILE,
        message: 'Lines of this path file begin with import, and Python runs them at every start.',
        subject: 'import',
      });
    }
    if (this.#json === undefined) await this.#judgeWhole();
    leaveInterests(this.#context, this.#interests, this.#why);
  }
}
