import type { ByteSource } from '../../../core/bytes/index.ts';
import { AssayError, type FileBudget } from '../../../core/index.ts';
import { walkJson } from '../document-json.ts';
import { isIndex } from '../number-list.ts';
import type { DocumentEvents } from '../shape.ts';
import { CatboostTables } from './tables.ts';

const MAX_DEPTH = 24;
const PLACE_BYTES = 200;
/** A node of a tree that is not oblivious, after the tree that it is in. */
const NODE = /^trees\[\](?:\.left|\.right)*$/;
type Scalar = string | number | boolean | null;

/**
 * Reads a CatBoost model in JSON to its end, and proves that its indexes and counts agree: CatBoost uses `split_index`, the lengths
 * of lists of leaves and the rows of statistics without a check (catboost/libs/model/model_export/json_model_helpers.cpp).
 * @throws AssayError `malformed`, `truncated`, `limit`; `unsupported`: features of texts or embeddings
 */
export async function checkCatboostJson(source: ByteSource, budget: FileBudget): Promise<void> {
  const document = new CatboostDocument(budget);
  try {
    await walkJson(source, document, budget, 256);
    document.finish();
  } finally {
    document.dispose();
  }
}

/** Follows the places of a document; keys that could be taken for a path stand as `?`. */
class CatboostDocument implements DocumentEvents {
  readonly #budget: FileBudget;
  readonly #tables: CatboostTables;
  readonly #around: string[] = [];
  #at = '';
  /** Members of the objects at hand that matter, by the place of the object. */
  readonly #members = new Map<string, Set<string>>();
  /** Values of the list of leaves at hand, and splits of the tree at hand. */
  #leaves = 0;
  #splits = 0;
  #lowest = 0;
  #highest = -1;
  /** Numbers of one leaf; the same for all trees. */
  #outputs: number | undefined;
  #biases = 0;
  #scales = 0;

  constructor(budget: FileBudget) {
    this.#budget = budget;
    this.#tables = new CatboostTables(budget);
  }

  open(kind: 'object' | 'array', _at: number): void {
    this.#around.push(this.#at);
    if (/^trees\[\](?:\.left|\.right)+$/.test(this.#at) && kind === 'array') throw bad('a list in place of a node');
    if (kind === 'array') this.#at += '[]';
  }

  close(): void {
    this.#at = this.#around.pop() ?? '';
    this.#ended(this.#at);
  }

  key(name: string): void {
    const around = this.#around[this.#around.length - 1] ?? '';
    if (around === 'ctr_data') this.#tables.startTable(name);
    const safe = /^\w+$/.test(name) ? name : '?';
    this.#at = around === '' ? safe : `${around}.${safe}`;
    if (/^features_info\.(?:text|embedding|estimated)_features$/.test(this.#at))
      throw new AssayError('unsupported', 'features of texts or embeddings');
  }

  text(value: string): void {
    this.#value(value);
  }

  number(value: number): void {
    this.#value(value);
  }

  literal(value: boolean | null): void {
    this.#value(value);
  }

  #value(value: Scalar): void {
    this.#budget.work(1);
    const place = this.#at;
    if (place.startsWith('trees[]') || place.startsWith('oblivious_trees[]')) this.#inTree(place, value);
    else if (place.startsWith('features_info.') || place.startsWith('ctr_data.')) this.#tables.value(place, value);
    else if (place === 'scale_and_bias[][]') this.#biases++;
    else if (place === 'scale_and_bias[]') this.#scales++;
  }

  #inTree(place: string, value: Scalar): void {
    if (place.endsWith('.split_index')) {
      // CatBoost takes it as an index of the list of all conditions.
      if (typeof value !== 'number' || !Number.isSafeInteger(value))
        throw bad(`split_index is ${JSON.stringify(value)}`);
      this.#lowest = Math.min(this.#lowest, value);
      this.#highest = Math.max(this.#highest, value);
      this.#note(place.slice(0, -'.split_index'.length), 'split_index');
    } else if (place === 'oblivious_trees[].leaf_values[]') this.#leaves += countOf(place, value);
    else if (place.endsWith('.value[]') && NODE.test(place.slice(0, -'.value[]'.length)))
      this.#leaves += countOf(place, value);
    else if (place.endsWith('.value') && NODE.test(place.slice(0, -'.value'.length))) {
      countOf(place, value);
      this.#note(place.slice(0, -'.value'.length), 'value');
      this.#leaf(1);
    }
  }

  #ended(place: string): void {
    this.#tables.ended(place);
    if (place === 'oblivious_trees[].splits[]') {
      this.#require(place, ['split_index']);
      this.#splits++;
    } else if (place === 'oblivious_trees[]') this.#endTree();
    else if (place.endsWith('.value') && NODE.test(place.slice(0, -'.value'.length))) {
      this.#note(place.slice(0, -'.value'.length), 'value');
      this.#leaf(this.#leaves);
      this.#leaves = 0;
    } else if (place.endsWith('.split') && place.startsWith('trees[]')) {
      this.#require(place, ['split_index']);
      this.#note(place.slice(0, -'.split'.length), 'split');
    } else if (NODE.test(place)) this.#endNode(place);
  }

  /** A node is a leaf with a value, or a split with two nodes: CatBoost follows what is missing without an end. */
  #endNode(place: string): void {
    const members = this.#members.get(place) ?? new Set();
    if (!members.has('value')) this.#require(place, ['split', 'left', 'right']);
    else this.#forget(place);
    const side = /\.(left|right)$/.exec(place);
    if (side !== null) this.#note(place.slice(0, side.index), side[1] ?? '');
  }

  #endTree(): void {
    if (this.#splits > MAX_DEPTH) throw bad(`a tree of depth ${this.#splits}`);
    const outputs = this.#leaves / 2 ** this.#splits;
    if (!Number.isInteger(outputs)) throw bad(`${this.#leaves} values for a tree of depth ${this.#splits}`);
    this.#leaf(outputs);
    this.#leaves = 0;
    this.#splits = 0;
  }

  #leaf(outputs: number): void {
    this.#outputs ??= outputs;
    if (outputs !== this.#outputs || outputs === 0)
      throw bad(`${outputs} values of a leaf instead of ${this.#outputs}`);
  }

  #note(place: string, member: string): void {
    const members = this.#members.get(place) ?? new Set();
    if (members.size === 0) this.#budget.hold(PLACE_BYTES + 2 * place.length);
    this.#members.set(place, members.add(member));
  }

  #forget(place: string): void {
    if (this.#members.delete(place)) this.#budget.release(PLACE_BYTES + 2 * place.length);
  }

  /** Releases the memory of objects that were not closed, and of the tables. */
  dispose(): void {
    for (const place of [...this.#members.keys()]) this.#forget(place);
    this.#tables.dispose();
  }

  #require(place: string, wanted: readonly string[]): void {
    const members = this.#members.get(place);
    for (const member of wanted) if (members?.has(member) !== true) throw bad(`${place} without ${member}`);
    this.#forget(place);
  }

  finish(): void {
    const { conditions } = this.#tables;
    if (this.#lowest < 0 || (this.#highest >= 0 && !isIndex(this.#highest, conditions)))
      throw bad(
        `a split on condition index ${this.#lowest < 0 ? this.#lowest : this.#highest}, but there are ${conditions} conditions`,
      );
    const outputs = this.#outputs ?? 1;
    if (this.#scales > 2 || (this.#biases > 0 && this.#biases !== outputs))
      throw bad(`a bias of ${this.#biases} numbers for ${outputs} outputs`);
    this.#tables.finish();
  }
}

function countOf(place: string, value: Scalar): number {
  if (typeof value !== 'number' || !Number.isFinite(value)) throw bad(`${place} is ${JSON.stringify(value)}`);
  return 1;
}

function bad(what: string): AssayError {
  return new AssayError('malformed', `not a CatBoost model: ${what.slice(0, 300)}`);
}
