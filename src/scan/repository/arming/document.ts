import { AssayError } from '../../../core/index.ts';
import { readYaml } from '../../../core/yaml/index.ts';
import { type JsonEvents, type JsonToken, JsonWalker } from '../../../formats/json/index.ts';

/** A document as data: of a key that is there twice, both values. */
export type ConfigDocument =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'mapping'; readonly entries: (readonly [key: string, value: ConfigDocument])[] }
  | { readonly kind: 'list'; readonly items: ConfigDocument[] };

/** CWE-674, CWE-770: values of one document, and values within values. */
const MAX_VALUES = 200_000;
const MAX_DEPTH = 64;

class Builder {
  root: ConfigDocument | undefined;
  readonly #open: { readonly into: ConfigDocument; key: string }[] = [];
  #values = 0;

  open(kind: 'mapping' | 'list'): void {
    const into: ConfigDocument = kind === 'mapping' ? { kind, entries: [] } : { kind, items: [] };
    this.#add(into);
    this.#open.push({ into, key: '' });
    if (this.#open.length > MAX_DEPTH) throw new AssayError('limit', `is nested in more than ${MAX_DEPTH} values`);
  }

  close(): void {
    this.#open.pop();
  }

  key(name: string): void {
    const last = this.#open.at(-1);
    if (last !== undefined) last.key = name;
  }

  text(text: string): void {
    this.#add({ kind: 'text', text });
  }

  #add(value: ConfigDocument): void {
    if (++this.#values > MAX_VALUES) throw new AssayError('limit', `has more than ${MAX_VALUES} values`);
    const last = this.#open.at(-1);
    if (last === undefined) this.root ??= value;
    else if (last.into.kind === 'mapping') last.into.entries.push([last.key, value]);
    else if (last.into.kind === 'list') last.into.items.push(value);
  }
}

/** Reads JSON, as Python does. @throws AssayError `malformed`, `truncated`, `limit` */
export function jsonDocument(bytes: Uint8Array): ConfigDocument | undefined {
  const builder = new Builder();
  const events: JsonEvents = {
    open: (kind) => builder.open(kind === 'object' ? 'mapping' : 'list'),
    close: () => builder.close(),
    key: (name) => builder.key(name),
    scalar: (_, token: JsonToken) => builder.text(token.text),
  };
  const walker = new JsonWalker(events, { pythonNumbers: true });
  walker.feed(bytes);
  walker.end();
  return builder.root;
}

/** Reads the first document of YAML, as PyYAML does. @throws AssayError `malformed`, `limit` */
export function yamlDocument(text: string): ConfigDocument | undefined {
  const builder = new Builder();
  readYaml(
    text,
    {
      open: (kind) => builder.open(kind === 'mapping' ? 'mapping' : 'list'),
      close: () => builder.close(),
      key: (name) => builder.key(name),
      scalar: (value) => builder.text(value),
    },
    { maxDepth: MAX_DEPTH, dialect: 'pyyaml' },
  );
  return builder.root;
}

/** The values under a key. */
export function valuesAt(document: ConfigDocument | undefined, key: string): readonly ConfigDocument[] {
  return document?.kind === 'mapping'
    ? document.entries.filter(([name]) => name === key).map(([, value]) => value)
    : [];
}

/** The texts under a key, also those of a list there. */
export function textsAt(document: ConfigDocument | undefined, key: string): readonly string[] {
  return valuesAt(document, key).flatMap((value) =>
    value.kind === 'text'
      ? [value.text]
      : value.kind === 'list'
        ? value.items.flatMap((one) => (one.kind === 'text' ? [one.text] : []))
        : [],
  );
}

/** All keys of a document at any depth, with their values and the keys around them. */
export function* entriesOf(
  document: ConfigDocument,
  around: readonly string[] = [],
): Generator<readonly [key: string, value: ConfigDocument, around: readonly string[]]> {
  if (document.kind === 'list') for (const item of document.items) yield* entriesOf(item, around);
  if (document.kind !== 'mapping') return;
  for (const [key, value] of document.entries) {
    yield [key, value, around];
    yield* entriesOf(value, [...around, key]);
  }
}
