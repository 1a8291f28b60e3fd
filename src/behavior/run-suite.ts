import { type ModelTest, untoldMeasure } from '../core/behavior/index.ts';
import { AssayError, isAssayError, quotedName, throwIfAborted } from '../core/index.ts';
import type { TestedModel } from './subject/index.ts';
import type { Suite, SuiteTest } from './suite/index.ts';
import type { TestData, TestOutcome } from './tests/index.ts';

export interface SuiteRun {
  readonly model: TestedModel;
  /** The approved version. */
  readonly baseline: TestedModel | undefined;
  readonly datasets: ReadonlyMap<string, TestData>;
  /** Opens a model that a test names by its path from the suite. */
  readonly openModel: (path: string) => Promise<TestedModel>;
  readonly signal: AbortSignal | undefined;
  /** Called before each part of the work. */
  readonly onStep: (what: string) => void;
}

/**
 * Runs the tests of a suite, one after another. A model that refuses its inputs, or meets a bound, fails its test; the others run.
 * @throws AssayError `usage` naming the test; `sandbox`, `aborted`
 */
export async function runSuite(suite: Suite, run: SuiteRun): Promise<ModelTest[]> {
  const results: ModelTest[] = [];
  for (const [at, test] of suite.tests.entries()) {
    throwIfAborted(run.signal);
    const step = `${test.id} (${at + 1} of ${suite.tests.length})`;
    run.onStep(step);
    results.push(await resultOf(test, suite.seed, { ...run, onStep: (what) => run.onStep(`${step}: ${what}`) }));
  }
  return results;
}

async function resultOf(test: SuiteTest, seed: number, run: SuiteRun): Promise<ModelTest> {
  const data = dataNamed(test.data, run);
  const others = new Map([...test.others].map(([option, name]) => [option, dataNamed(name, run)]));
  const known = { id: test.id, kind: test.kind.kind, area: test.kind.area, data: test.data, rows: data.feeds.rows };
  try {
    const { model, baseline, openModel, signal, onStep } = run;
    const context = { model, baseline, data, others, openModel, seed, signal, onStep };
    const outcome = await test.kind.run(test.options, context);
    const { measures, figures = [] } = outcome;
    return {
      ...known,
      status: statusOf(outcome),
      detail: detailOf(outcome),
      measures: [...measures],
      figures: [...figures],
    };
  } catch (error) {
    if (!isAssayError(error)) throw error;
    // The model is to blame: it refuses what it should take, or takes more than it may.
    if (error.code === 'unsupported' || error.code === 'limit')
      return {
        ...known,
        status: 'fail',
        detail: `the model does not run: ${error.message}`,
        measures: [],
        figures: [],
      };
    if (error.code !== 'usage') throw error;
    const { code, message, hint, subject = `test ${test.id}` } = error;
    throw new AssayError(code, message, { subject, cause: error, ...(hint === undefined ? {} : { hint }) });
  }
}

function dataNamed(name: string, { datasets }: SuiteRun): TestData {
  const data = datasets.get(name);
  if (data === undefined) throw new AssayError('internal', `no data ${quotedName(name)}`);
  return data;
}

function statusOf({ measures, skipped }: TestOutcome): ModelTest['status'] {
  if (measures.some(({ pass }) => pass === false)) return 'fail';
  if (skipped !== undefined || untoldMeasure(measures) !== undefined) return 'not-assessed';
  return measures.some(({ pass }) => pass === true) ? 'pass' : 'not-assessed';
}

function detailOf(outcome: TestOutcome): string {
  return [reasonOf(outcome), ...(outcome.notes ?? [])].join('; ');
}

function reasonOf(outcome: TestOutcome): string {
  const { measures, skipped } = outcome;
  const failed = measures.filter(({ pass }) => pass === false);
  if (failed.length > 0) return failed.map(failureOf).join('; ');
  if (skipped !== undefined) return skipped;
  const open = untoldMeasure(measures);
  if (open !== undefined) return `${open.name} is compared with the approved version: give --baseline`;
  const asked = measures.filter(({ pass }) => pass === true);
  if (asked.length === 0) return 'nothing is asked of what was measured: give a bound, or --baseline';
  return asked.map(({ name, value }) => `${name}: ${numberText(value)}`).join('; ');
}

function failureOf({ name, value, min, max, baseline, drop, rise }: ModelTest['measures'][number]): string {
  const bounds = [
    ...(min === null ? [] : [`at least ${numberText(min)}`]),
    ...(max === null ? [] : [`at most ${numberText(max)}`]),
    ...(drop === null || baseline === null
      ? []
      : [`no more than ${numberText(drop)} below ${numberText(baseline)}, that of the approved version`]),
    ...(rise === null || baseline === null
      ? []
      : [`no more than ${numberText(rise)} above ${numberText(baseline)}, that of the approved version`]),
  ];
  if (bounds.length === 0) return name;
  return `${name} is ${numberText(value)}, and ${bounds.join(', and ')} is asked`;
}

function numberText(value: number | null): string {
  return value === null ? 'not a finite number' : String(Number(value.toPrecision(6)));
}
