import { MemorySource } from '../../core/bytes/index.ts';
import { AssayError, type FileBudget } from '../../core/index.ts';
import { walkJson } from './document-json.ts';
import { type PlacedValues, PlaceEvents } from './places.ts';

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
/** Those of them that are documents. */
const DOCUMENTS: ReadonlySet<string> = new Set(['params', 'class_params', 'multiclass_params']);
const NUMBER = /^\d{1,20}(?:\.\d{0,40})?(?:[eE][-+]?\d{1,4})?$/;

export function keepsInfo(name: string): boolean {
  return KEPT.has(name);
}

/** @throws AssayError `malformed` for settings that are not JSON, and for a threshold that is not a number */
export async function catboostInfo(settings: ReadonlyMap<string, string>, budget: FileBudget): Promise<CatboostInfo> {
  const collected = new InfoValues(budget);
  for (const name of KEPT) {
    const text = settings.get(name);
    if (text === undefined) continue;
    if (!DOCUMENTS.has(name)) {
      collected.value(name, text);
      continue;
    }
    budget.work(text.length);
    await walkJson(new MemorySource(Buffer.from(text, 'utf8'), name), new PlaceEvents(collected, name), budget);
  }
  return collected.info();
}

const CLASS_BYTES = 64;
const MAX_NAME = 80;

/** Keeps what predictions depend on, of the settings of a model. */
export class InfoValues implements PlacedValues {
  readonly #budget: FileBudget;
  readonly #classes: (string | number | boolean)[] = [];
  #loss: string | undefined;
  #version: string | undefined;
  #threshold: number | undefined;

  constructor(budget: FileBudget) {
    this.#budget = budget;
  }

  value(place: string, value: string | number | boolean): void {
    switch (place) {
      case 'params.loss_function.type':
        this.#loss = String(value).slice(0, MAX_NAME);
        break;
      case 'class_params.class_names[]':
      case 'multiclass_params.class_names[]':
        this.#budget.hold(CLASS_BYTES + (typeof value === 'string' ? 2 * value.length : 0));
        this.#classes.push(value);
        break;
      case 'catboost_version_info':
        this.#version = /release (\d{1,4}(?:\.\d{1,4}){1,3})/.exec(String(value))?.[1];
        break;
      case 'binclass_probability_threshold':
        this.#threshold = thresholdOf(String(value));
        break;
    }
  }

  info(): CatboostInfo {
    return { version: this.#version, loss: this.#loss, classes: this.#classes, threshold: this.#threshold };
  }
}

function thresholdOf(text: string): number {
  if (NUMBER.test(text)) return Number(text);
  throw new AssayError('malformed', `not a CatBoost model: a threshold of ${JSON.stringify(text.slice(0, 40))}`);
}
