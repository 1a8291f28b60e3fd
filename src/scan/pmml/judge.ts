import { readFileSync } from 'node:fs';
import { isAssayError } from '../../core/index.ts';
import { type Encoding, probeOf, textHead } from '../../formats/index.ts';
import { walkXml, type XmlEvents } from '../../formats/xml/index.ts';
import type { Rule, ScanContext, ScanTarget } from '../scanner/index.ts';
import { PMML_RULES } from './rules.ts';

/** Elements of the schemas of PMML 3.0 to 4.4 (https://dmg.org/pmml), and functions of its chapters "Functions" and "Built-in functions". */
const names = JSON.parse(readFileSync(new URL('./names.json', import.meta.url), 'utf8')) as Readonly<
  Record<'elements' | 'functions', string>
>;
const ELEMENTS: ReadonlySet<string> = new Set(names.elements.split(' '));
const FUNCTIONS: ReadonlySet<string> = new Set(names.functions.split(' '));
const NAMESPACE = /^http:\/\/www\.dmg\.org\/PMML-[34]_\d(?:_\d)?$/;
/** Namespaces of attributes that say where a schema is. */
const XSI = 'http://www.w3.org/2001/XMLSchema-instance';
const XINCLUDE = 'http://www.w3.org/2001/XInclude';
/** Encodings whose ASCII characters are those of the bytes. */
const PLAIN_ENCODING = /^(?:utf-?8|us-ascii|ascii|iso-8859-(?:[1-9]|1[0-6])|windows-125\d|latin-?1)$/i;
const MAX_REPORTS = 30;
const MAX_NAMES = 100_000;
const NAME_BYTES = 120;

/** Judges a PMML model: what its XML makes a parser do, its elements, and the functions that it calls. */
export async function judgePmml({ source }: ScanTarget, context: ScanContext): Promise<void> {
  const encoding = encodingOf(textHead(await probeOf(source)));
  const document = new PmmlDocument(context, encoding);
  try {
    await walkXml(source, encoding, document, context.budget);
    document.finish();
    context.cover(0, source.size, 'parsed');
  } catch (error) {
    if (!isAssayError(error) || (error.code !== 'malformed' && error.code !== 'truncated')) throw error;
    document.finish();
    document.say(PMML_RULES.structure, 'structure', error.message, error.offset);
    context.cover(0, source.size, 'opaque', 'not well-formed: parsers stop here, or guess');
  } finally {
    document.dispose();
  }
}

/** An 8-bit encoding may show only behind the first bytes. */
function encodingOf(head: { readonly text: string; readonly encoding: Encoding } | undefined): Encoding {
  const declared = /^<\?xml[^>]{0,200}?\bencoding\s*=\s*["']([\w-]{1,40})["']/.exec(head?.text ?? '')?.[1];
  const eightBit = declared !== undefined && PLAIN_ENCODING.test(declared) && !/^utf-?8$/i.test(declared);
  if (head?.encoding === 'utf-8' && eightBit) return 'latin1';
  return head?.encoding ?? 'utf-8';
}

interface Scope {
  readonly name: string;
  readonly prefixes: ReadonlyMap<string, string>;
  /** Elements below are data, of any name. */
  readonly isData: boolean;
}

class PmmlDocument implements XmlEvents {
  readonly #context: ScanContext;
  readonly #encoding: Encoding;
  readonly #scopes: Scope[] = [];
  readonly #defined = new Set<string>();
  /** Where each function is called first. */
  readonly #called = new Map<string, number>();
  readonly #said = new Set<string>();

  constructor(context: ScanContext, encoding: Encoding) {
    this.#context = context;
    this.#encoding = encoding;
    if (encoding.startsWith('utf-16'))
      this.say(
        PMML_RULES.encoding,
        encoding,
        'The document is in UTF-16, which no program that exports PMML writes.',
        0,
      );
  }

  dispose(): void {
    this.#context.budget.release(NAME_BYTES * (this.#defined.size + this.#called.size));
  }

  say(rule: Rule, subject: string, message: string, offset?: number): void {
    const key = `${rule.id} ${subject}`;
    if (this.#said.has(key) || this.#said.size >= MAX_REPORTS) return;
    this.#said.add(key);
    // Offsets count characters, which are bytes only up to the first that is not ASCII.
    const place = offset === undefined || this.#encoding.startsWith('utf-16') ? {} : { offset };
    this.#context.report({ rule, subject: subject.slice(0, 200), message, ...place });
  }

  doctype(text: string, at: number): void {
    const outside = /\b(?:SYSTEM|PUBLIC)\b|<!ENTITY\s+%|%\w/.test(text);
    const shown = JSON.stringify(text.trim().slice(0, 120));
    if (outside) this.say(PMML_RULES.external, 'doctype', `The document type reads files or addresses: ${shown}.`, at);
    else this.say(PMML_RULES.doctype, 'doctype', `The document has a document type: ${shown}.`, at);
  }

  instruction(target: string, text: string, at: number): void {
    if (target !== 'xml') {
      this.say(PMML_RULES.doctype, target, `The document holds an instruction for "${target.slice(0, 40)}".`, at);
      return;
    }
    const declared = /\bencoding\s*=\s*["']([^"']*)["']/.exec(text)?.[1];
    if (declared === undefined) return;
    const wide = this.#encoding.startsWith('utf-16');
    const fits = wide ? /^utf-?16(?:[bl]e)?$/i.test(declared) : PLAIN_ENCODING.test(declared);
    if (!fits)
      this.say(
        PMML_RULES.encoding,
        'declared',
        `The declaration names the encoding ${JSON.stringify(declared.slice(0, 40))}.`,
        at,
      );
  }

  open(name: string, attributes: ReadonlyMap<string, string>, at: number): void {
    const around = this.#scopes[this.#scopes.length - 1];
    const prefixes = withNamespaces(around?.prefixes ?? NO_PREFIXES, attributes);
    const colon = name.indexOf(':');
    const [prefix, local] = colon < 0 ? ['', name] : [name.slice(0, colon), name.slice(colon + 1)];
    const namespace = prefixes.get(prefix) ?? '';
    const isData = around !== undefined && (around.isData || around.name === 'row');
    this.#scopes.push({ name: local, prefixes, isData });
    if (namespace === XINCLUDE) {
      const what = JSON.stringify((attributes.get('href') ?? '').slice(0, 120));
      this.say(PMML_RULES.external, 'xinclude', `The document includes another file: ${what}.`, at);
      return;
    }
    const ofPmml = namespace === '' ? prefix === '' : NAMESPACE.test(namespace);
    if (around === undefined && (local !== 'PMML' || !ofPmml))
      this.say(
        PMML_RULES.element,
        name,
        `The first element is <${name.slice(0, 80)}> of ${JSON.stringify(namespace.slice(0, 120))}, which is not PMML.`,
        at,
      );
    else if (!isData && (!ofPmml || !ELEMENTS.has(local)))
      this.say(PMML_RULES.element, name, `PMML has no element <${name.slice(0, 80)}>.`, at);
    else if (isData && /^(?:script|object|embed|iframe)$/i.test(local))
      this.say(PMML_RULES.element, name, `A table has an element <${name.slice(0, 80)}>.`, at);
    if (!isData) this.#functions(local, attributes, at);
  }

  #functions(name: string, attributes: ReadonlyMap<string, string>, at: number): void {
    if (name === 'DefineFunction') {
      const own = attributes.get('name') ?? '';
      if (this.#defined.has(own) || FUNCTIONS.has(own))
        this.say(
          PMML_RULES.structure,
          own,
          `The function ${JSON.stringify(own.slice(0, 80))} is defined twice, or is one of PMML.`,
          at,
        );
      this.#keep(this.#defined.size);
      this.#defined.add(own);
    }
    if (name !== 'Apply' && name !== 'Aggregate') return;
    const called = attributes.get('function') ?? '';
    if (FUNCTIONS.has(called) || this.#called.has(called) || (name === 'Aggregate' && AGGREGATES.has(called))) return;
    this.#keep(this.#called.size);
    this.#called.set(called, at);
  }

  #keep(count: number): void {
    if (count >= MAX_NAMES) this.#context.incomplete(`the model has more than ${MAX_NAMES} names of functions`);
    this.#context.budget.hold(NAME_BYTES);
  }

  close(): void {
    this.#scopes.pop();
  }

  /** Functions may be defined behind their use. */
  finish(): void {
    for (const [name, at] of this.#called) {
      if (this.#defined.has(name)) continue;
      const shown = JSON.stringify(name.slice(0, 120));
      const how = name.includes('.') ? 'which JPMML loads as a Java class' : 'which neither PMML nor the model defines';
      this.say(PMML_RULES.function, name, `The model calls the function ${shown}, ${how}.`, at);
    }
  }
}

/** Functions of `Aggregate` alone. */
const AGGREGATES: ReadonlySet<string> = new Set(['count', 'sum', 'average', 'min', 'max', 'multiset']);
const NO_PREFIXES: ReadonlyMap<string, string> = new Map([['xsi', XSI]]);

function withNamespaces(
  around: ReadonlyMap<string, string>,
  attributes: ReadonlyMap<string, string>,
): ReadonlyMap<string, string> {
  let own: Map<string, string> | undefined;
  for (const [name, value] of attributes) {
    if (name !== 'xmlns' && !name.startsWith('xmlns:')) continue;
    own ??= new Map(around);
    own.set(name === 'xmlns' ? '' : name.slice(6), value);
  }
  return own ?? around;
}
