import { createRequire } from 'node:module';
import { AssayError } from '../../core/index.ts';
import type { TaskIo } from './task-io.ts';

/** One line of the preview. */
export interface PreviewMessage {
  readonly line: string;
}

/** Values shown, nesting, and characters of one text. */
const MAX_LINES = 200;
const MAX_ITEMS = 20;
const MAX_DEPTH = 6;
const MAX_TEXT = 120;
const CHUNK = 1024 * 1024;

/** Shows the values of the input, a pickle that was judged clean, as an outline. `args` are not looked at. */
export async function run(_args: unknown, io: TaskIo): Promise<void> {
  const { Parser } = createRequire(import.meta.url)('pickleparser') as typeof import('pickleparser');
  // The library writes a warning for each large integer.
  console.warn = () => {};
  const parser = new Parser({
    unpicklingTypeOfDictionary: 'Map',
    unpicklingTypeOfSet: 'Set',
    nameResolver: { resolve: (module, name) => globalNamed(`${module}.${name}`) },
    persistentResolver: { resolve: (id) => new Instance('persistent_load', [id]) },
    extensionResolver: { resolve: (code) => globalNamed(`extension ${code}`) },
  });
  let value: unknown;
  try {
    value = parser.parse<unknown>(readAll(io));
  } catch (error) {
    throw new AssayError('unsupported', error instanceof Error ? error.message : String(error), { cause: error });
  }
  const outline = new Outline((line) => io.message({ line } satisfies PreviewMessage));
  outline.show('', value, 0);
}

function readAll(io: TaskIo): Uint8Array {
  const bytes = new Uint8Array(io.inputSize);
  for (let at = 0; at < bytes.length; ) {
    const chunk = io.read(at, Math.min(CHUNK, bytes.length - at));
    if (chunk.length === 0) throw new AssayError('truncated', 'the input ends early');
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}

/** A placeholder for the result of a call: nothing is called, and the arguments are kept. */
class Instance {
  readonly of: string;
  readonly args: readonly unknown[];
  readonly items: unknown[] = [];
  readonly entries = new Map<unknown, unknown>();
  state: unknown;

  constructor(of: string, args: readonly unknown[]) {
    this.of = of;
    this.args = args;
  }

  push(...items: unknown[]): void {
    for (const item of items) this.items.push(item);
  }

  add(item: unknown): void {
    this.items.push(item);
  }

  set(key: unknown, value: unknown): void {
    this.entries.set(key, value);
  }

  __setstate__(state: unknown): void {
    this.state = state;
  }

  __setnewargs_ex__(kwargs: unknown): void {
    this.items.push(kwargs);
  }
}

/** Names of the functions that stand for globals. */
const names = new WeakMap<object, string>();

function globalNamed(name: string): (...args: unknown[]) => Instance {
  function stand(...args: unknown[]): Instance {
    return new Instance(name, args);
  }
  names.set(stand, name);
  return stand;
}

class Outline {
  readonly #emit: (line: string) => void;
  readonly #open = new Set<unknown>();
  #lines = 0;

  constructor(emit: (line: string) => void) {
    this.#emit = emit;
  }

  #line(depth: number, text: string): void {
    this.#lines++;
    if (this.#lines <= MAX_LINES) this.#emit('  '.repeat(depth) + text);
    if (this.#lines === MAX_LINES) this.#emit('...');
  }

  show(label: string, value: unknown, depth: number): void {
    if (this.#lines >= MAX_LINES) return;
    const head = label === '' ? '' : `${label}: `;
    const brief = scalarText(value);
    if (brief !== undefined) this.#line(depth, head + brief);
    else if (depth >= MAX_DEPTH || this.#open.has(value)) this.#line(depth, `${head}...`);
    else {
      this.#open.add(value);
      this.#compound(head, value, depth);
      this.#open.delete(value);
    }
  }

  #compound(head: string, value: unknown, depth: number): void {
    if (Array.isArray(value)) {
      this.#line(depth, `${head}${value.length} items`);
      this.#items(value, depth + 1);
    } else if (value instanceof Map) {
      this.#line(depth, `${head}dict of ${value.size}`);
      this.#entries(value, depth + 1);
    } else if (value instanceof Set) {
      this.#line(depth, `${head}set of ${value.size}`);
      this.#items([...value].slice(0, MAX_ITEMS + 1), depth + 1);
    } else if (value instanceof Instance) this.#instance(head, value, depth);
    else this.#line(depth, `${head}?`);
  }

  #instance(head: string, { of, args, items, entries, state }: Instance, depth: number): void {
    const brief = args.map((arg) => scalarText(arg) ?? '...');
    this.#line(depth, `${head}${of}(${brief.slice(0, MAX_ITEMS).join(', ')})`);
    for (const [index, arg] of args.entries())
      if (brief[index] === '...') this.show(`argument ${index + 1}`, arg, depth + 1);
    this.#items(items, depth + 1);
    this.#entries(entries, depth + 1);
    if (state !== undefined) this.show('state', state, depth + 1);
  }

  #items(items: readonly unknown[], depth: number): void {
    for (const item of items.slice(0, MAX_ITEMS)) this.show('', item, depth);
    if (items.length > MAX_ITEMS) this.#line(depth, `... ${items.length - MAX_ITEMS} more`);
  }

  #entries(entries: ReadonlyMap<unknown, unknown>, depth: number): void {
    let shown = 0;
    for (const [key, value] of entries) {
      if (shown++ >= MAX_ITEMS) break;
      this.show(scalarText(key) ?? '...', value, depth);
    }
    if (entries.size > MAX_ITEMS) this.#line(depth, `... ${entries.size - MAX_ITEMS} more`);
  }
}

/** What fits on a line; `undefined` for what has parts. */
function scalarText(value: unknown): string | undefined {
  if (value === null || value === undefined) return 'None';
  if (typeof value === 'string')
    return JSON.stringify(value.length > MAX_TEXT ? `${value.slice(0, MAX_TEXT)}...` : value);
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (typeof value === 'number' || typeof value === 'bigint') return String(value);
  if (typeof value === 'function') return names.get(value) ?? '?';
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return `<${value.byteLength} bytes>`;
  return undefined;
}
