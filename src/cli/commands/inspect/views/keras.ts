import type { FileBudget } from '../../../../core/index.ts';
import { type JsonEvents, type JsonScalar, type JsonToken, JsonWalker } from '../../../../formats/json/index.ts';
import { count } from '../../../../report/index.ts';
import type { FormatView } from './listing.ts';

const KEPT = 96;

/** Collects what a configuration of Keras names; it is read as a stream, and nothing of it is made. */
class NamedObjects implements JsonEvents {
  readonly classes: string[] = [];
  readonly registered: string[] = [];
  readonly #budget: FileBudget;
  #key = '';

  constructor(budget: FileBudget) {
    this.#budget = budget;
  }

  key(name: string): void {
    this.#key = name;
  }

  duplicate(): void {}

  open(): void {
    this.#key = '';
  }

  close(): void {
    this.#key = '';
  }

  scalar(kind: JsonScalar, { text }: JsonToken): void {
    if (kind !== 'string' || text === '') return;
    if (this.#key !== 'class_name' && this.#key !== 'registered_name') return;
    this.#budget.hold(KEPT + 2 * text.length);
    (this.#key === 'class_name' ? this.classes : this.registered).push(text);
  }
}

/** `config.json` of a Keras file: the classes that loading it makes. */
export const showKerasConfig: FormatView = async (source, listing, budget) => {
  const objects = new NamedObjects(budget);
  const walker = new JsonWalker(objects, { pythonNumbers: true });
  try {
    for (let at = 0; at < source.size; at += CHUNK)
      walker.feed(await source.read(at, Math.min(CHUNK, source.size - at)));
    walker.end();
  } finally {
    listing.line(count(objects.classes.length, 'object'), count(objects.registered.length, 'registered name'));
    listing.counts('classes', objects.classes);
    listing.counts('registered names', objects.registered);
  }
};

const CHUNK = 64 * 1024;
