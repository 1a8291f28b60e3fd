import { type ByteSource, chunks } from '../../core/bytes/index.ts';
import { AssayError, type FileBudget } from '../../core/index.ts';
import { type Encoding, newDecoder } from '../text.ts';

/** What a walk over XML tells, in document order. `at` counts characters from the start of the document. */
export interface XmlEvents {
  /** @param name with its prefix, as written */
  open(name: string, attributes: ReadonlyMap<string, string>, at: number): void;
  close?(name: string): void;
  /** What stands between `<!DOCTYPE` and its end. The walk goes on behind it, and expands nothing. */
  doctype?(text: string, at: number): void;
  /** `<?target ...?>`, the declaration of XML as well. */
  instruction?(target: string, text: string, at: number): void;
  /** A part of a text; entities are not replaced. */
  text?(part: string, at: number): void;
}

/** Characters of one tag, comment, document type or instruction. */
const MAX_MARKUP = 8 * 1024 * 1024;
const MAX_DEPTH = 4_000;
const MAX_ATTRIBUTES = 1_000;
/** Characters of a reference to a character. */
const MAX_REFERENCE = 12;
const NAME = /[A-Za-z_:][\w.:-]*/y;
const SPACE = /[ \t\r\n]*/y;
const REFERENCE = /&(?!(?:lt|gt|amp|quot|apos|#\d{1,7}|#x[0-9a-fA-F]{1,6});)/;

/**
 * Walks over an XML 1.0 document as a parser without validation and without entities of its own does: nothing is fetched and nothing is
 * expanded. Names are ASCII. What is not well-formed is an error, where lenient parsers guess.
 * @throws AssayError `malformed`, `truncated`, `limit`
 */
export async function walkXml(
  source: ByteSource,
  encoding: Encoding,
  events: XmlEvents,
  budget: FileBudget,
): Promise<void> {
  const walker = new XmlWalker(events, budget, source.name);
  const decoder = newDecoder(encoding);
  try {
    let read = 0;
    for await (const bytes of chunks(source)) {
      read += bytes.length;
      let text: string;
      try {
        text = decoder.decode(bytes, { stream: read < source.size });
      } catch (cause) {
        throw new AssayError('malformed', `a text that is not ${encoding}`, { subject: source.name, cause });
      }
      walker.feed(text);
    }
    walker.end();
  } finally {
    walker.dispose();
  }
}

class XmlWalker {
  readonly #events: XmlEvents;
  readonly #budget: FileBudget;
  readonly #subject: string;
  readonly #open: string[] = [];
  #rest = '';
  /** Characters before `#rest`, and those that the budget pays for. */
  #base = 0;
  #held = 0;
  #roots = 0;
  #started = false;

  constructor(events: XmlEvents, budget: FileBudget, subject: string) {
    this.#events = events;
    this.#budget = budget;
    this.#subject = subject;
  }

  dispose(): void {
    this.#budget.release(this.#held);
    this.#held = 0;
  }

  feed(text: string): void {
    this.#hold(2 * (this.#rest.length + text.length));
    this.#rest += text;
    this.#budget.work(this.#rest.length);
    const at = this.#walked();
    this.#base += at;
    this.#rest = this.#rest.slice(at);
    if (this.#rest.length > MAX_MARKUP)
      throw new AssayError('limit', `markup of more than ${MAX_MARKUP} characters`, { subject: this.#subject });
  }

  /** @returns how many characters are done with */
  #walked(): number {
    let at = 0;
    for (;;) {
      const tag = this.#rest.indexOf('<', at);
      const end = tag < 0 ? this.#wholeText(at) : tag;
      this.#text(at, end);
      if (tag < 0) return end;
      const next = this.#markup(tag);
      if (next < 0) return tag;
      at = next;
    }
  }

  /** Where text ends that holds no part of a reference whose end is to come. */
  #wholeText(at: number): number {
    const amp = this.#rest.lastIndexOf('&');
    return amp >= at && this.#rest.length - amp < MAX_REFERENCE ? amp : this.#rest.length;
  }

  end(): void {
    if (this.#rest !== '') {
      if (this.#rest.includes('<')) throw this.#bad('the document ends within markup', 'truncated');
      this.#text(0, this.#rest.length);
    }
    const [last] = this.#open.slice(-1);
    if (last !== undefined) throw this.#bad(`the document ends within <${last.slice(0, 80)}>`, 'truncated');
    if (this.#roots !== 1) throw this.#bad('the document has no element');
  }

  #hold(bytes: number): void {
    this.#budget.hold(bytes);
    this.#budget.release(this.#held);
    this.#held = bytes;
  }

  /** @returns where the markup ends; -1 when more is needed */
  #markup(tag: number): number {
    const text = this.#rest;
    if (text.startsWith('<!--', tag)) return this.#comment(tag);
    if (text.startsWith('<![CDATA[', tag)) return this.#cdata(tag);
    if (text.startsWith('<!DOCTYPE', tag)) return this.#doctype(tag);
    if (text.startsWith('<?', tag)) return this.#instruction(tag);
    if (text.startsWith('<!', tag)) {
      if (text.length - tag < '<![CDATA['.length) return -1;
      throw this.#bad('markup that no XML has', 'malformed', tag);
    }
    return this.#tag(tag);
  }

  #comment(tag: number): number {
    const end = this.#rest.indexOf('--', tag + 4);
    if (end < 0 || end + 2 >= this.#rest.length) return -1;
    if (this.#rest[end + 2] !== '>') throw this.#bad('"--" within a comment', 'malformed', tag);
    return end + 3;
  }

  #cdata(tag: number): number {
    const end = this.#rest.indexOf(']]>', tag);
    if (end < 0) return -1;
    if (this.#open.length === 0) throw this.#bad('text outside of the element', 'malformed', tag);
    this.#events.text?.(this.#rest.slice(tag + 9, end), this.#base + tag);
    return end + 3;
  }

  #doctype(tag: number): number {
    let quote = '';
    let nested = false;
    for (let i = tag + 9; i < this.#rest.length; i++) {
      const c = this.#rest.charAt(i);
      if (quote !== '') quote = c === quote ? '' : quote;
      else if (c === '"' || c === "'") quote = c;
      else if (c === '[') nested = true;
      else if (c === ']') nested = false;
      else if (c === '>' && !nested) {
        if (this.#roots > 0) throw this.#bad('a document type behind the element', 'malformed', tag);
        this.#events.doctype?.(this.#rest.slice(tag + 9, i), this.#base + tag);
        return i + 1;
      }
    }
    return -1;
  }

  #instruction(tag: number): number {
    const end = this.#rest.indexOf('?>', tag);
    if (end < 0) return -1;
    const [target = ''] = /^[^\s?]+/.exec(this.#rest.slice(tag + 2, end)) ?? [];
    if (target.toLowerCase() === 'xml' && (this.#started || this.#base + tag > 0))
      throw this.#bad('a declaration that is not at the start', 'malformed', tag);
    this.#started = true;
    this.#events.instruction?.(target, this.#rest.slice(tag + 2 + target.length, end), this.#base + tag);
    return end + 2;
  }

  #tag(tag: number): number {
    const end = tagEnd(this.#rest, tag);
    if (end < 0) return -1;
    this.#started = true;
    if (this.#rest[tag + 1] === '/') this.#closeTag(tag, end);
    else this.#openTag(tag, end);
    return end + 1;
  }

  #closeTag(tag: number, end: number): void {
    const name = this.#rest.slice(tag + 2, end).trimEnd();
    const open = this.#open.pop();
    if (open === undefined || open !== name)
      throw this.#bad(`</${name.slice(0, 80)}> closes <${open ?? ''}>`, 'malformed', tag);
    this.#events.close?.(name);
  }

  #openTag(tag: number, end: number): void {
    const empty = this.#rest[end - 1] === '/';
    const stop = empty ? end - 1 : end;
    const name = matched(NAME, this.#rest, tag + 1);
    if (name === '') throw this.#bad('a tag without a name', 'malformed', tag);
    const attributes = this.#attributes(tag + 1 + name.length, stop, tag);
    if (this.#open.length === 0 && ++this.#roots > 1) throw this.#bad('a second element', 'malformed', tag);
    this.#events.open(name, attributes, this.#base + tag);
    if (empty) {
      this.#events.close?.(name);
      return;
    }
    if (this.#open.push(name) > MAX_DEPTH)
      throw new AssayError('limit', `elements are nested deeper than ${MAX_DEPTH}`, { subject: this.#subject });
  }

  #attributes(from: number, stop: number, tag: number): Map<string, string> {
    const attributes = new Map<string, string>();
    let at = from;
    for (;;) {
      const space = matched(SPACE, this.#rest, at).length;
      at += space;
      if (at >= stop) return attributes;
      const name = matched(NAME, this.#rest, at);
      at += name.length;
      at += matched(SPACE, this.#rest, at).length;
      if (space === 0 || name === '' || this.#rest[at] !== '=')
        throw this.#bad('a tag with a broken attribute', 'malformed', tag);
      at += 1 + matched(SPACE, this.#rest, at + 1).length;
      const quote = this.#rest.charAt(at);
      const close = quote === '"' || quote === "'" ? this.#rest.indexOf(quote, at + 1) : -1;
      if (close < 0 || close >= stop) throw this.#bad('an attribute without quotes', 'malformed', tag);
      const value = this.#rest.slice(at + 1, close);
      if (value.includes('<') || REFERENCE.test(value))
        throw this.#bad('an attribute with a reference that is not declared', 'malformed', tag);
      if (attributes.has(name) || attributes.size >= MAX_ATTRIBUTES)
        throw this.#bad(`the attribute ${name.slice(0, 80)} twice`, 'malformed', tag);
      attributes.set(name, plainText(value));
      at = close + 1;
    }
  }

  #text(from: number, to: number): void {
    if (to <= from) return;
    const part = this.#rest.slice(from, to);
    if (this.#open.length === 0) {
      if (part.replace(/^\ufeff/, '').trim() !== '') throw this.#bad('text outside of the element', 'malformed', from);
      return;
    }
    if (part.includes('&') && REFERENCE.test(part))
      throw this.#bad('a reference to an entity that is not declared', 'malformed', from);
    this.#events.text?.(part, this.#base + from);
  }

  #bad(what: string, code: 'malformed' | 'truncated' = 'malformed', at = 0): AssayError {
    return new AssayError(code, `not well-formed XML: ${what}`, { subject: this.#subject, offset: this.#base + at });
  }
}

/** Where the tag ends, past quoted values; -1 when it is cut off. */
function tagEnd(text: string, tag: number): number {
  let from = tag;
  for (;;) {
    const close = text.indexOf('>', from);
    if (close < 0) return -1;
    const double = text.indexOf('"', from);
    const single = text.indexOf("'", from);
    const quoteAt = double < 0 ? single : single < 0 ? double : Math.min(double, single);
    if (quoteAt < 0 || quoteAt > close) return close;
    const end = text.indexOf(text.charAt(quoteAt), quoteAt + 1);
    if (end < 0) return -1;
    from = end + 1;
  }
}

function matched(pattern: RegExp, text: string, at: number): string {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0] ?? '';
}

const ENTITIES: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };

/** A value with its references replaced. */
export function plainText(value: string): string {
  if (!value.includes('&')) return value;
  return value.replace(/&(#x[0-9a-fA-F]{1,6}|#\d{1,7}|\w{2,4});/g, (whole, name: string) => {
    if (!name.startsWith('#')) return ENTITIES[name] ?? whole;
    const code = name[1] === 'x' ? Number.parseInt(name.slice(2), 16) : Number(name.slice(1));
    return code <= 0x10ffff ? String.fromCodePoint(code) : '\ufffd';
  });
}
