import { AssayError, type FileBudget } from '../../core/index.ts';

export interface XmlTag {
  readonly name: string;
  readonly attributes: ReadonlyMap<string, string>;
  readonly offset: number;
}

/** What a document holds, in its order. An element without content is opened and closed. */
export interface NetworkXmlEvents {
  open(tag: XmlTag, depth: number): void;
  close(name: string, depth: number): void;
  /** Text between tags that is not blank; references are resolved. */
  text(value: string, offset: number): void;
}

const MAX_DEPTH = 128;
const MAX_ATTRIBUTES = 256;
const NAME = /[A-Za-z_][\w.:-]*/y;
const SPACE = /[ \t\r\n]*/y;
/** Up to a quote of its kind; `<` is not allowed within. */
const VALUE = /"([^"<]*)"|'([^'<]*)'/y;
const ENTITY = /&(?:#(\d{1,7})|#x([0-9A-Fa-f]{1,6})|(\w{1,10}));?/g;
const ENTITIES: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };
const DECLARATION = /<\?xml[ \t\r\n][^?<>]*\?>/y;
const ENCODING = /encoding[ \t]*=[ \t]*["']([^"']*)["']/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: XML has no such characters
const CONTROL = /[\x00-\x08\x0b\x0c\x0e-\x1f]/;

/**
 * Reads a document of XML 1.0 (https://www.w3.org/TR/xml/) as plain data. It refuses document types, entities other than the five of XML, and
 * processing instructions, because they could reach another file or grow.
 * @param text of UTF-8
 * @throws AssayError `malformed`, `truncated`, `unsupported`, `limit`
 */
export function readXml(text: string, events: NetworkXmlEvents, budget: FileBudget): void {
  new XmlReader(text, events, budget).run();
}

class XmlReader {
  readonly #text: string;
  readonly #events: NetworkXmlEvents;
  readonly #budget: FileBudget;
  readonly #open: string[] = [];
  #at = 0;

  constructor(text: string, events: NetworkXmlEvents, budget: FileBudget) {
    this.#text = text;
    this.#events = events;
    this.#budget = budget;
  }

  run(): void {
    const control = this.#text.search(CONTROL);
    if (control >= 0) throw this.#bad('a control character', control);
    if (this.#text.startsWith('\ufeff')) this.#at = 1;
    this.#declaration();
    let seen = false;
    while (this.#at < this.#text.length) {
      this.#budget.work(16);
      const next = this.#text.indexOf('<', this.#at);
      this.#content(next < 0 ? this.#text.length : next);
      if (next < 0) break;
      if (this.#text.startsWith('<!--', next)) this.#comment();
      else if (this.#text.startsWith('</', next)) this.#end();
      else if (this.#text.startsWith('<!', next) || this.#text.startsWith('<?', next)) throw this.#refused();
      else {
        if (this.#open.length === 0 && seen) throw this.#bad('a second root element');
        seen = true;
        this.#start();
      }
    }
    if (this.#open.length > 0 || !seen)
      throw new AssayError('truncated', 'not XML: an element does not end', { offset: this.#at });
  }

  #declaration(): void {
    DECLARATION.lastIndex = this.#at;
    const [declaration] = DECLARATION.exec(this.#text) ?? [];
    if (declaration === undefined) return;
    const encoding = ENCODING.exec(declaration)?.[1];
    if (encoding !== undefined && !/^(?:utf-?8|us-ascii|ascii)$/i.test(encoding))
      throw new AssayError('unsupported', `XML in the encoding ${JSON.stringify(encoding.slice(0, 40))}`);
    this.#at += declaration.length;
  }

  #content(end: number): void {
    const raw = this.#text.slice(this.#at, end);
    if (raw.trim() !== '') {
      if (this.#open.length === 0) throw this.#bad('text outside of the root element');
      this.#budget.work(raw.length);
      this.#events.text(this.#resolved(raw), this.#at);
    }
    this.#at = end;
  }

  #comment(): void {
    const end = this.#text.indexOf('-->', this.#at + 4);
    if (end < 0) throw this.#bad('a comment does not end');
    this.#at = end + 3;
  }

  #refused(): AssayError {
    const what = /^<!doctype/i.test(this.#text.slice(this.#at, this.#at + 9))
      ? 'a document type, which may name other files'
      : 'a section or an instruction that no writer of models makes';
    return this.#bad(what);
  }

  #end(): void {
    this.#at += 2;
    const name = this.#word(NAME);
    this.#word(SPACE);
    if (name === '' || this.#text[this.#at] !== '>' || this.#open.pop() !== name)
      throw this.#bad('an end tag of another element');
    this.#at++;
    this.#events.close(name, this.#open.length);
  }

  #start(): void {
    const offset = this.#at++;
    const name = this.#word(NAME);
    if (name === '') throw this.#bad('a tag without a name');
    const attributes = new Map<string, string>();
    for (;;) {
      const space = this.#word(SPACE);
      const next = this.#text[this.#at];
      if (next === '>' || next === '/') break;
      if (space === '') throw this.#bad('an attribute that no space precedes');
      this.#attribute(attributes);
    }
    const isEmpty = this.#text[this.#at] === '/';
    if (isEmpty && this.#text[this.#at + 1] !== '>') throw this.#bad('a tag that does not end');
    this.#at += isEmpty ? 2 : 1;
    if (this.#open.length >= MAX_DEPTH)
      throw new AssayError('limit', `XML is nested deeper than ${MAX_DEPTH}`, { offset });
    this.#budget.work(this.#at - offset);
    this.#events.open({ name, attributes, offset }, this.#open.length);
    if (isEmpty) this.#events.close(name, this.#open.length);
    else this.#open.push(name);
  }

  #attribute(attributes: Map<string, string>): void {
    const name = this.#word(NAME);
    this.#word(SPACE);
    if (name === '' || this.#text[this.#at] !== '=') throw this.#bad('an attribute without a value');
    this.#at++;
    this.#word(SPACE);
    const quoted = this.#word(VALUE);
    if (quoted === '') throw this.#bad('a value that is not quoted, or does not end');
    if (attributes.has(name)) throw this.#bad(`the attribute ${JSON.stringify(name.slice(0, 80))} twice`);
    if (attributes.size >= MAX_ATTRIBUTES)
      throw new AssayError('limit', `a tag with more than ${MAX_ATTRIBUTES} attributes`);
    attributes.set(name, this.#resolved(quoted.slice(1, -1)));
  }

  #word(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    const word = pattern.exec(this.#text)?.[0] ?? '';
    this.#at += word.length;
    return word;
  }

  #resolved(raw: string): string {
    if (!raw.includes('&')) return raw;
    return raw.replace(
      ENTITY,
      (whole, decimal: string | undefined, hex: string | undefined, name: string | undefined) => {
        const code = decimal === undefined ? Number.parseInt(hex ?? '', 16) : Number(decimal);
        const value = name === undefined ? character(code) : ENTITIES[name];
        if (value === undefined || !whole.endsWith(';')) throw this.#bad('a reference that XML does not have');
        return value;
      },
    );
  }

  #bad(what: string, offset = this.#at): AssayError {
    return new AssayError('malformed', `not XML as writers of models make it: ${what}`, { offset });
  }
}

function character(code: number): string | undefined {
  return code === 0 || code > 0x10_ffff || (code >= 0xd800 && code < 0xe000) ? undefined : String.fromCodePoint(code);
}
