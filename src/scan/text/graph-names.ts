import type { ScanContext } from '../scanner/index.ts';

const MAX_NAMES = 20_000;
/** What every graph of MXNet has at its top. */
const MXNET = ['nodes', 'arg_nodes', 'heads'];

/** Gathers the operations of a JSON document that is a graph of Paddle 3 or MXNet, while it is walked. */
export class GraphNames {
  /** Words of a program of Paddle, and operations of a graph of MXNet with the names of those in Python. */
  readonly #words = new Set<string>();
  readonly #operations = new Set<string>();
  readonly #custom = new Set<string>();
  readonly #top = new Set<string>();
  #isPir = false;
  #isFull = false;
  /** The key whose value comes next. */
  #key: string | undefined;

  key(name: string, depth: number): void {
    this.#key = name;
    if (depth === 1 && MXNET.includes(name)) this.#top.add(name);
  }

  /** A list or an object begins: the key has no text as its value. */
  open(): void {
    this.#key = undefined;
  }

  scalar(text: string): void {
    const key = this.#key;
    this.#key = undefined;
    if (key === '#') this.#keep(this.#words, text);
    else if (key === 'op') this.#keep(this.#operations, text);
    else if (key === 'op_type') this.#keep(this.#custom, text);
    else if (key === 'magic' && text === 'pir') this.#isPir = true;
  }

  /** Judges the operations, once the document is read to its end. */
  async judge(context: ScanContext): Promise<void> {
    const isMxnet = MXNET.every((key) => this.#top.has(key));
    if (!this.#isPir && !isMxnet) return;
    const { judgeMxnetNames, judgePirNames } = await import('../graphs/names/index.ts');
    context.identified(this.#isPir ? 'paddle-pir' : 'mxnet-symbol');
    if (this.#isFull) context.incomplete(`the graph has more than ${MAX_NAMES} names of operations`);
    if (this.#isPir) judgePirNames(this.#words, context);
    if (isMxnet) judgeMxnetNames(this.#operations, this.#custom, context);
  }

  #keep(names: Set<string>, name: string): void {
    if (names.size < MAX_NAMES) names.add(name);
    else this.#isFull ||= !names.has(name);
  }
}
