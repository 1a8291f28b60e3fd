import { chunks } from '../core/byte-source.ts';
import { AssayError } from '../core/errors.ts';
import { probeOf, refineText } from '../formats/identify.ts';
import { JsonWalker } from '../formats/json.ts';
import { controlAt, type Encoding, newDecoder, textHead } from '../formats/text.ts';
import { leaveInterests } from './interest.ts';
import { JsonInterest, leadsIntoGit } from './json-interest.ts';
import { type Rule, SUPPLY_CHAIN } from './rule.ts';
import type { ScanContext, Scanner, Target } from './scanner.ts';
import { findInterests, interestsOfKind, OVERLAP } from './text-interest.ts';

const DUPLICATE_KEY: Rule = {
  id: 'data.json-duplicate-key',
  title: 'JSON names a key that loaders act on twice',
  severity: 'medium',
  verdict: 'suspicious',
  explanation:
    'One object has the same key twice, and the key is one that tells a loader what to build or import. One parser takes the first value, another the last: what a scanner read need not be what the loader does.',
  remedy: 'Remove the value that is not meant. No JSON library writes a key twice.',
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
    'A `.pth` file of text is no checkpoint: in a folder of site packages, Python runs each of its lines that begin with `import` at every start, before any program.',
  remedy: 'Remove it. A model needs no path file.',
  owasp: SUPPLY_CHAIN.owasp,
  atlas: SUPPLY_CHAIN.atlas,
  cwe: ['CWE-427', 'CWE-506'],
};

const HIDDEN_PATH: Rule = {
  id: 'data.path-into-git',
  title: "A document names a file in git's own folder",
  severity: 'high',
  verdict: 'suspicious',
  explanation:
    'Git keeps its own files in a folder that a scan passes over, and no model keeps its files there. A document that names a file in it, such as an index of weights, makes a loader open what nobody looked at.',
  remedy: 'Name files outside of it. No tool that saves models writes such a path.',
  owasp: SUPPLY_CHAIN.owasp,
  atlas: SUPPLY_CHAIN.atlas,
  cwe: ['CWE-552', 'CWE-829'],
};

/** Checks that text is text to its end, and names what in it would make a loader run something. */
export const plainTextScanner: Scanner = {
  id: 'plain-text',
  formats: [
    'empty',
    'text',
    'markdown',
    'csv',
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
    'openvino',
    'pmml',
  ],
  rules: [DUPLICATE_KEY, SITE_FILE, HIDDEN_PATH],
  async scanFile(target, context) {
    if (target.source.size === 0) return;
    await new TextScan(target, context).run();
  },
};

class TextScan {
  readonly #target: Target;
  readonly #context: ScanContext;
  readonly #kind: string;
  readonly #name: string;
  readonly #json: { readonly interest: JsonInterest; readonly walker: JsonWalker } | undefined;
  readonly #interests;
  readonly #hidden = new Set<string>();
  #carry = '';
  #siteLine = false;

  constructor(target: Target, context: ScanContext) {
    this.#target = target;
    this.#context = context;
    const path = target.member ?? target.file;
    const refined = refineText(path, target.format);
    if (refined !== target.format) context.identified(refined.id);
    this.#kind = refined.id;
    this.#name = path.slice(Math.max(path.lastIndexOf('/'), path.lastIndexOf('!')) + 1);
    this.#interests = new Set(interestsOfKind(this.#kind, this.#name));
    if (this.#kind === 'json' || this.#kind === 'jsonl') {
      const interest = new JsonInterest(this.#name);
      this.#json = {
        interest,
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
        // Began as UTF-8 and goes on in some 8-bit code page: its ASCII is still right.
        encoding = 'latin1';
        decoder = newDecoder(encoding);
        text = decoder.decode(bytes);
      }
      if (!this.#looksLikeText(text, bytes, at, encoding)) return;
      this.#json?.walker.feed(encoding === 'utf-8' || encoding === 'latin1' ? bytes : Buffer.from(text));
      this.#look(text);
      this.#context.cover(at, at + bytes.length, 'parsed');
      at += bytes.length;
    }
    this.#finish();
  }

  #looksLikeText(text: string, bytes: Uint8Array, at: number, encoding: Encoding): boolean {
    const control = controlAt(text);
    let high = 0;
    if (encoding === 'latin1') for (const byte of bytes) if (byte >= 0x80) high++;
    if (control < 0 && high * 10 <= bytes.length * 3) return true;
    this.#context.incomplete(`starts as text and goes on as binary data, near byte ${at + Math.max(0, control)}`);
    return false;
  }

  #look(text: string): void {
    const window = this.#carry + text;
    // Keys and values of JSON are looked at one by one; its raw text tells nothing more.
    if (this.#json === undefined) findInterests(window, this.#kind, this.#interests);
    if (this.#name === 'MLmodel') this.#lookAtMlflow(window);
    if (this.#name.toLowerCase().endsWith('.pth') && /^import[ \t]/m.test(window)) this.#siteLine = true;
    this.#carry = window.slice(-OVERLAP);
  }

  /** MLflow's own description of a model names its files in YAML. */
  #lookAtMlflow(window: string): void {
    for (const word of window.split(/[\s"',[\]{}]+/))
      if (word.includes('.git') && this.#hidden.size < 20 && leadsIntoGit(word)) this.#hidden.add(word);
  }

  #finish(): void {
    if (this.#json !== undefined) {
      this.#json.walker.end();
      for (const interest of this.#json.interest.interests) this.#interests.add(interest);
      for (const { key, at } of this.#json.interest.duplicates) {
        this.#context.report({
          rule: DUPLICATE_KEY,
          message: `The key "${key}" stands twice in one object.`,
          subject: key,
          offset: at,
        });
      }
    }
    for (const path of [...this.#hidden, ...(this.#json?.interest.hidden ?? [])]) {
      const message = `It names ${JSON.stringify(path.slice(0, 200))}, which lies where a scan does not look.`;
      this.#context.report({ rule: HIDDEN_PATH, message, subject: path.slice(0, 200) });
    }
    if (this.#siteLine) {
      this.#context.report({
        rule: SITE_FILE,
        message: 'Lines of this path file begin with import: Python runs them at every start.',
        subject: 'import',
      });
    }
    leaveInterests(this.#context, this.#interests);
  }
}
