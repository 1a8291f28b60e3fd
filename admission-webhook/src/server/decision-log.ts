import type { DecisionRecord } from '../answer.ts';
import type { LogChoice } from './options.ts';

/** Takes text, and says by calling back when it has gone; as a stream does. */
export interface LogSink {
  write(text: string, gone: () => void): unknown;
}

export interface DecisionLogOptions {
  readonly choice: LogChoice;
  readonly sink: LogSink;
  /** A line that nobody took in time was dropped. */
  onDropped(): void;
}

/** The last ones are kept for `status`. */
const KEPT = 100;
/** Of one record: an object may hold thousands of references. */
const MAX_RULINGS = 20;
const MAX_TEXT = 1_000;
/** The amount that may wait for the reader of the log; more is dropped, because memory is limited and a Pod does not wait for a log. */
const MAX_WAITING = 4 * 1024 * 1024;

/** One line of JSON a decision. What clients wrote stands in JSON strings, where no line ends. */
export class DecisionLog {
  readonly #options: DecisionLogOptions;
  readonly #kept: DecisionRecord[] = [];
  #next = 0;
  #waiting = 0;

  constructor(options: DecisionLogOptions) {
    this.#options = options;
  }

  add(record: DecisionRecord): void {
    const bounded = boundedRecord(record);
    this.#kept[this.#next] = bounded;
    this.#next = (this.#next + 1) % KEPT;
    const { choice, sink, onDropped } = this.#options;
    if (choice === 'none' || (choice === 'denials' && isPlainYes(record))) return;
    const line = `${JSON.stringify({ log: 'admission', ...bounded })}\n`;
    if (this.#waiting > MAX_WAITING) {
      onDropped();
      return;
    }
    this.#waiting += line.length;
    sink.write(line, () => {
      this.#waiting -= line.length;
    });
  }

  /** The newest first. */
  recent(): readonly DecisionRecord[] {
    return [...this.#kept.slice(this.#next), ...this.#kept.slice(0, this.#next)].reverse();
  }
}

/** Nothing was refused, warned of or noted, and no waiver was needed. */
function isPlainYes({ action, rulings }: DecisionRecord): boolean {
  return action === 'allow' && rulings.every(({ waiver }) => waiver === undefined);
}

/** With the gravest first, so that what is left out is the least. */
function boundedRecord(record: DecisionRecord): DecisionRecord & { readonly moreRulings?: number } {
  const { rulings, ...rest } = record;
  const order = ['deny', 'warn', 'audit', 'allow'];
  const sorted =
    rulings.length <= 1 ? rulings : [...rulings].sort((a, b) => order.indexOf(a.action) - order.indexOf(b.action));
  const kept = sorted.slice(0, MAX_RULINGS).map((ruling) => ({
    ...ruling,
    reference: ruling.reference === null ? null : cut(ruling.reference),
    where: cut(ruling.where),
    container: ruling.container === null ? null : cut(ruling.container),
    message: cut(ruling.message),
  }));
  const more = rulings.length - kept.length;
  return {
    ...rest,
    uid: cut(rest.uid),
    operation: cut(rest.operation),
    kind: cut(rest.kind),
    namespace: cut(rest.namespace),
    name: cut(rest.name),
    user: cut(rest.user),
    rulings: kept,
    ...(more > 0 ? { moreRulings: more } : {}),
  };
}

function cut(text: string): string {
  return text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}...` : text;
}
