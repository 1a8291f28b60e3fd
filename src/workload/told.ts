import { type Collector, shown } from './collector.ts';
import type { WorkloadRole } from './result.ts';
import type { Attribute, Finds, Means, ProgramRow } from './table/index.ts';
import type { ShellWord } from './variables.ts';

/** A value that a row of the table finds. */
export interface Found {
  readonly value: ShellWord;
  readonly finds: Finds;
  readonly via: string;
  /** Said within the value itself. */
  readonly revision?: string;
  readonly codeRevision?: string;
}

/** References of one container. */
const MAX_FOUND = 200;

type Source = 'argument' | 'variable';

/** The settings of one container, by arguments and variables. */
export class ReferenceFinder {
  readonly found: Found[] = [];
  readonly #roles = new Set<string>();
  readonly #attributes = new Map<string, { readonly value: ShellWord; readonly source: Source }>();
  readonly #collector: Collector;
  trustRemoteCode = false;
  offline = false;

  constructor(collector: Collector) {
    this.#collector = collector;
  }

  /** One value of an argument or a variable, to each row that has it: `rows` with the one that is meant first. */
  take(means: Means, rows: readonly ProgramRow[], value: ShellWord, source: Source): void {
    const [row] = rows;
    if (row === undefined) return;
    if ('ignores' in means) return;
    if ('unread' in means) this.#collector.unresolved(value.where, means.unread);
    else if ('sets' in means) for (const { id } of rows) this.#set(id, means.sets, value, source);
    else this.find(means, row.id, value);
  }

  attribute(via: string, attribute: Attribute): string | undefined {
    return this.#attributes.get(`${via} ${attribute}`)?.value.text;
  }

  finds(via: string, role: WorkloadRole): boolean {
    return this.#roles.has(`${via} ${role}`);
  }

  /** The loader settings of models that are found beside: those of the first program. */
  loading(): { readonly codeRevision: string | null; readonly loadFormat: string | null } {
    const any = (attribute: Attribute) =>
      [...this.#attributes].find(([key]) => key.endsWith(` ${attribute}`))?.[1].value.text ?? null;
    return { codeRevision: any('codeRevision'), loadFormat: plainFormat(any('loadFormat')) };
  }

  #set(via: string, attribute: Attribute, value: ShellWord, source: Source): void {
    if (value.unresolved !== undefined) {
      this.#collector.unresolved(value.where, value.unresolved);
      return;
    }
    if (attribute === 'trustRemoteCode') this.trustRemoteCode ||= isTrue(value.text);
    else if (attribute === 'offline') this.offline ||= isTrue(value.text);
    else {
      const key = `${via} ${attribute}`;
      const before = this.#attributes.get(key);
      // Arguments are read after variables, and win over them.
      if (before !== undefined && before.value.text !== value.text && before.source === source)
        this.#collector.unresolved(value.where, 'is given twice with different values');
      this.#attributes.set(key, { value, source });
    }
  }

  /** A value that names a model by itself. */
  find(finds: Finds, via: string, value: ShellWord): void {
    if (value.unresolved !== undefined) {
      this.#collector.unresolved(value.where, value.unresolved);
      return;
    }
    for (const one of valuesOf(finds, value, this.#collector)) {
      if (finds.words?.includes(one.value.text)) continue;
      this.#roles.add(`${via} ${finds.finds}`);
      if (this.found.length < MAX_FOUND) this.found.push({ ...one, finds, via });
      else this.#collector.unresolved(value.where, `the container has more than ${MAX_FOUND} references`);
    }
  }
}

/** `auto` leaves the choice to the loader, as silence does. */
export function plainFormat(format: string | null | undefined): string | null {
  return format === undefined || format === 'auto' ? null : format;
}

/** Values that mean true: every value that is not clearly false. */
export function isTrue(text: string): boolean {
  return !/^(?:0|false|no|off|n|f|)$/i.test(text.trim());
}

type Value = Omit<Found, 'finds' | 'via'>;

/** The references in one value, by the shape that the table gives it. */
function valuesOf(finds: Finds, word: ShellWord, collector: Collector): readonly Value[] {
  const { text } = word;
  switch (finds.shape) {
    case 'scaled':
      return [{ value: { ...word, text: text.replace(/:[\d.]+$/, '') } }];
    case 'named':
      return named(word, collector);
    case 'commas':
      return text.split(',').flatMap((part) => (part === '' ? [] : named({ ...word, text: part }, collector)));
    case 'json':
      return ofJson(word, collector);
    default:
      return [{ value: word }];
  }
}

/** `name=value`, a value alone, or JSON. */
function named(word: ShellWord, collector: Collector): readonly Value[] {
  if (/^\s*[[{]/.test(word.text)) return ofJson(word, collector);
  const equals = word.text.indexOf('=');
  return [{ value: equals < 0 ? word : { ...word, text: word.text.slice(equals + 1) } }];
}

/** Properties that name a model in the JSON values of vLLM (`--speculative-config`, `--lora-modules`) and SGLang (`--lora-paths`). */
const MODEL_PROPERTIES = ['model', 'path', 'lora_path'] as const;
/** The longest that is parsed. */
const MAX_JSON = 64 * 1024;

function ofJson(word: ShellWord, collector: Collector): readonly Value[] {
  const json = parsed(word.text);
  if (json === undefined) {
    collector.unresolved(word.where, `${shown(word.text)} is not a JSON object`);
    return [];
  }
  return (Array.isArray(json) ? json : [json]).flatMap((one): Value[] => {
    if (typeof one !== 'object' || one === null) return [];
    const text = (name: string): string | undefined => {
      const value: unknown = Object.hasOwn(one, name) ? one[name] : undefined;
      return typeof value === 'string' ? value : undefined;
    };
    const model = MODEL_PROPERTIES.map(text).find((value) => value !== undefined);
    // Drafts that are looked up in the prompt have no model.
    if (model === undefined || model === 'ngram' || model === '[ngram]') return [];
    const revision = text('revision');
    const codeRevision = text('code_revision');
    return [
      {
        value: { ...word, text: model },
        ...(revision === undefined ? {} : { revision }),
        ...(codeRevision === undefined ? {} : { codeRevision }),
      },
    ];
  });
}

function parsed(text: string): Record<string, unknown> | readonly Record<string, unknown>[] | undefined {
  if (text.length > MAX_JSON) return undefined;
  try {
    const json: unknown = JSON.parse(text);
    return typeof json === 'object' && json !== null ? (json as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
