import { throwIfAborted } from '../../core/index.ts';
import { type AttackRandoms, type AttackTarget, predicted } from '../attacks/index.ts';
import type { BlockedNode } from '../gradient/index.ts';
import { BlendCandidate, type Candidate, PatchCandidate, type Trigger, type TriggerSpace } from './trigger.ts';

export const TRIGGER_FORMS = ['patch', 'blend'] as const;
export type TriggerForm = (typeof TRIGGER_FORMS)[number];

export interface SearchOptions {
  readonly form: TriggerForm;
  readonly space: TriggerSpace;
  readonly steps: number;
  /** The classes that are searched. */
  readonly aims: readonly number[];
  /** Rows of one step, for each class. */
  readonly batch: number;
  readonly random: AttackRandoms;
  readonly signal?: AbortSignal | undefined;
  readonly onStep?: ((step: number, of: number) => void) | undefined;
}

/** The smallest trigger that was found for a class. */
export interface FoundTrigger {
  readonly aim: number;
  /** Undefined where none drives enough rows to the class. */
  readonly trigger: Trigger | undefined;
  /** The share of the rows of other classes that it drives there. */
  readonly reached: number;
}

export interface SearchResult {
  readonly found: readonly FoundTrigger[];
  /** Gradients that were zero or not numbers everywhere, of all. */
  readonly vanished: number;
  readonly blocked: readonly BlockedNode[];
}

/** A trigger drives so many of the rows to its class. */
export const REACHED = 0.95;
/** Of the rows of one step: then the trigger can be smaller. */
const ENOUGH = 0.98;
/** Steps in a row, each of other rows, after which a trigger is not good by luck. */
const STREAK = 3;
/** Steps after which the weight of the size changes. */
const PATIENCE = 4;
const FACTOR = 1.5;
const FIRST_WEIGHT: Readonly<Record<TriggerForm, number>> = { patch: 0.01, blend: 0.05 };
const MOST_WEIGHT = 1e3;
/** Numbers of the rows of one step: classes beyond them are searched after the others. */
const MOST_NUMBERS = 1 << 22;
/** Triggers that are kept for a class, to be run on all rows in the end. */
const KEPT = 6;

interface Hunt {
  readonly aim: number;
  /** Rows that the model gives another class. */
  readonly others: readonly number[];
  readonly candidate: Candidate;
  readonly best: Trigger[];
  weight: number;
  good: number;
  bad: number;
  from: number;
  hits: number;
  streak: number;
}

/** The rows of a search, and the class that the model gives each. */
interface Rows {
  readonly numbers: Float32Array;
  readonly width: number;
  readonly classes: readonly number[];
}

/**
 * Searches, for each of some classes, the smallest trigger that drives rows of all other classes to it, by the gradient of the cross entropy. Many
 * classes are searched at a time.
 * @throws AssayError what running the model throws
 */
export async function searchTriggers(
  target: AttackTarget,
  numbers: Float32Array,
  options: SearchOptions,
): Promise<SearchResult> {
  const { width, classes } = target;
  const rows = { numbers, width, classes: classesOf(await target.forward(numbers), classes) };
  const together = Math.max(1, Math.floor(MOST_NUMBERS / (options.batch * width)));
  const groups = Math.ceil(options.aims.length / together);
  const results: SearchResult[] = [];
  for (let from = 0; from < options.aims.length; from += together) {
    const aims = options.aims.slice(from, from + together);
    const onStep = (step: number) => options.onStep?.(results.length * options.steps + step, groups * options.steps);
    results.push(await searchGroup(target, rows, aims, { ...options, onStep }));
  }
  return {
    found: results.flatMap(({ found }) => found),
    vanished: results.reduce((sum, { vanished }) => sum + vanished, 0) / Math.max(1, results.length),
    blocked: results[0]?.blocked ?? [],
  };
}

async function searchGroup(
  target: AttackTarget,
  rows: Rows,
  aims: readonly number[],
  { form, space, steps, batch, random, signal, onStep }: SearchOptions,
): Promise<SearchResult> {
  const { width, classes } = target;
  const hunts = aims
    .map((aim): Hunt => {
      const draw = random(aim, 0);
      const start = () => draw.unit();
      const others = order(
        rows.classes.flatMap((one, at) => (one === aim ? [] : [at])),
        (below) => draw.below(below),
      );
      const candidate = form === 'patch' ? new PatchCandidate(space, start) : new BlendCandidate(space, start);
      return {
        aim,
        others,
        candidate,
        best: [],
        weight: FIRST_WEIGHT[form],
        good: 0,
        bad: 0,
        from: 0,
        hits: 0,
        streak: 0,
      };
    })
    .filter(({ others }) => others.length > 0);
  let [vanished, asked] = [0, 0];
  let blocked: readonly BlockedNode[] = [];
  for (let step = 1; step <= steps; step++) {
    throwIfAborted(signal);
    onStep?.(step, steps);
    const taken = hunts.map((hunt) => ({ hunt, rows: batchOf(hunt, batch) }));
    const flat = taken.flatMap(({ hunt, rows: own }) => own.map((row) => ({ hunt, row })));
    const inputs = new Float32Array(flat.length * width);
    for (const [at, { hunt, row }] of flat.entries()) hunt.candidate.apply(rowOf(rows, row), rowOf(inputs, at, width));
    const wanted = Int32Array.from(flat, ({ hunt }) => hunt.aim);
    const answer = await target.gradient({ inputs, loss: 'cross-entropy', classes: wanted });
    blocked = answer.blocked ?? blocked;
    for (const [at, { hunt, row }] of flat.entries()) {
      const gradient = rowOf(answer.gradient, at, width);
      asked++;
      if (!gradient.some((value) => Number.isFinite(value) && value !== 0)) vanished++;
      hunt.candidate.take(rowOf(rows, row), gradient);
      if (predicted(rowOf(answer.scores, at, classes)) === hunt.aim) hunt.hits++;
    }
    for (const { hunt, rows: own } of taken) learn(hunt, own.length);
  }
  const found: FoundTrigger[] = [];
  for (const hunt of hunts) found.push(await confirmed(target, hunt, rows));
  return { found, vanished: asked === 0 ? 0 : vanished / asked, blocked };
}

function rowOf(rows: Rows | Float32Array, at: number, width = 'width' in rows ? rows.width : 0): Float32Array {
  return ('numbers' in rows ? rows.numbers : rows).subarray(at * width, (at + 1) * width);
}

/** Keeps the trigger if it is good, changes how much its size weighs, and moves it. */
function learn(hunt: Hunt, rows: number): void {
  const { best, candidate, hits } = hunt;
  hunt.hits = 0;
  hunt.streak = hits / rows >= ENOUGH ? hunt.streak + 1 : 0;
  if (hits / rows >= ENOUGH) {
    if (hunt.streak >= STREAK && candidate.size < (best.at(-1)?.size ?? Number.POSITIVE_INFINITY))
      best.push(candidate.frozen());
    if (best.length > KEPT) best.shift();
    hunt.good++;
    hunt.bad = 0;
    if (hunt.good >= PATIENCE) {
      hunt.weight = Math.min(MOST_WEIGHT, hunt.weight * FACTOR);
      hunt.good = 0;
    }
  } else {
    hunt.bad++;
    hunt.good = 0;
    if (hunt.bad >= PATIENCE) {
      hunt.weight /= FACTOR ** 1.5;
      hunt.bad = 0;
    }
  }
  candidate.step(rows, hunt.weight);
}

/** The smallest of the triggers of a class that drives enough of all rows there. */
async function confirmed(target: AttackTarget, { best, others, aim }: Hunt, rows: Rows): Promise<FoundTrigger> {
  const { width, classes } = target;
  let most = 0;
  for (const trigger of best.toReversed()) {
    const inputs = new Float32Array(others.length * width);
    for (const [index, at] of others.entries()) trigger.apply(rowOf(rows, at), rowOf(inputs, index, width));
    const hits = classesOf(await target.forward(inputs), classes).filter((one) => one === aim).length;
    const reached = hits / others.length;
    if (reached >= REACHED) return { aim, trigger, reached };
    most = Math.max(most, reached);
  }
  return { aim, trigger: undefined, reached: most };
}

/** The next rows of a class: all come before one comes again. */
function batchOf(hunt: Hunt, size: number): readonly number[] {
  const { others } = hunt;
  const wanted = Math.min(size, others.length);
  const taken = Array.from({ length: wanted }, (_, at) => others[(hunt.from + at) % others.length] ?? 0);
  hunt.from = (hunt.from + wanted) % others.length;
  return taken;
}

function classesOf(scores: Float32Array, classes: number): readonly number[] {
  return Array.from({ length: scores.length / classes }, (_, row) =>
    predicted(scores.subarray(row * classes, (row + 1) * classes)),
  );
}

function order(list: readonly number[], below: (count: number) => number): readonly number[] {
  const shuffled = [...list];
  for (let last = shuffled.length - 1; last > 0; last--) {
    const other = below(last + 1);
    [shuffled[last], shuffled[other]] = [shuffled[other] ?? 0, shuffled[last] ?? 0];
  }
  return shuffled;
}
