import { MemorySource } from '../../core/bytes/index.ts';
import { AssayError, type FileBudget } from '../../core/index.ts';
import { walkJson } from './document-json.ts';
import type { DocumentEvents } from './shape.ts';

/** What the settings of a model say of its predictions. */
export interface CatboostInfo {
  /** The version that saved it. */
  readonly version: string | undefined;
  /** The loss that it was trained with: `Logloss`, `RMSE`, ...; `undefined` when it does not say one. */
  readonly loss: string | undefined;
  /** The classes, in the order of the outputs; empty when it does not name them. */
  readonly classes: readonly (string | number | boolean)[];
  /** The share of the second of two classes from which on it is predicted; `undefined` for one half. */
  readonly threshold: number | undefined;
}

/** Settings that predictions depend on. */
const KEPT: ReadonlySet<string> = new Set([
  'params',
  'class_params',
  'multiclass_params',
  'catboost_version_info',
  'binclass_probability_threshold',
]);
const NUMBER = /^\d{1,20}(?:\.\d{0,40})?(?:[eE][-+]?\d{1,4})?$/;

export function keepsInfo(name: string): boolean {
  return KEPT.has(name);
}

/** @throws AssayError `malformed` for settings that are not JSON, and for a threshold that is not a number */
export async function catboostInfo(settings: ReadonlyMap<string, string>, budget: FileBudget): Promise<CatboostInfo> {
  const collected: Collected = { loss: undefined, classes: [] };
  for (const name of ['params', 'class_params', 'multiclass_params']) {
    const text = settings.get(name);
    if (text === undefined) continue;
    budget.work(text.length);
    await walkJson(new MemorySource(Buffer.from(text, 'utf8'), name), new InfoEvents(name, collected, budget), budget);
  }
  const [, version] = /release (\d{1,4}(?:\.\d{1,4}){1,3})/.exec(settings.get('catboost_version_info') ?? '') ?? [];
  const threshold = settings.get('binclass_probability_threshold');
  if (threshold !== undefined && !NUMBER.test(threshold))
    throw new AssayError('malformed', `not a CatBoost model: a threshold of ${JSON.stringify(threshold.slice(0, 40))}`);
  return { version, ...collected, threshold: threshold === undefined ? undefined : Number(threshold) };
}

interface Collected {
  loss: string | undefined;
  readonly classes: (string | number | boolean)[];
}

const CLASS_BYTES = 64;

/** Keeps two places of a document: the type of the loss, and the names of classes. */
class InfoEvents implements DocumentEvents {
  readonly #path: string[];
  readonly #collected: Collected;
  readonly #budget: FileBudget;

  constructor(name: string, collected: Collected, budget: FileBudget) {
    this.#path = [name];
    this.#collected = collected;
    this.#budget = budget;
  }

  open(kind: 'object' | 'array'): void {
    this.#path.push(kind === 'array' ? '[]' : '');
  }

  close(): void {
    this.#path.pop();
  }

  key(name: string): void {
    this.#path[this.#path.length - 1] = name;
  }

  text(value: string): void {
    if (this.#at('params', 'loss_function', 'type')) this.#collected.loss = value.slice(0, 80);
    else this.#class(value);
  }

  number(value: number): void {
    this.#class(value);
  }

  literal(value: boolean | null): void {
    if (value !== null) this.#class(value);
  }

  #class(value: string | number | boolean): void {
    if (!this.#at('class_params', 'class_names', '[]') && !this.#at('multiclass_params', 'class_names', '[]')) return;
    this.#budget.hold(CLASS_BYTES + (typeof value === 'string' ? 2 * value.length : 0));
    this.#collected.classes.push(value);
  }

  #at(...path: readonly string[]): boolean {
    return path.length === this.#path.length && path.every((part, index) => part === this.#path[index]);
  }
}
