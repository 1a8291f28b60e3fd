import { runSuite } from '../../src/behavior/run-suite.ts';
import type { TestedModel } from '../../src/behavior/subject/subject.ts';
import { parseSuite } from '../../src/behavior/suite/document.ts';
import type { TestData } from '../../src/behavior/tests/kind.ts';
import type { ModelTest } from '../../src/core/behavior/schema.ts';
import type { OnnxModel } from '../../src/formats/onnx/model.ts';
import { withModel } from './digits.ts';

export interface SuiteCase {
  readonly model: OnnxModel;
  readonly baseline?: OnnxModel | undefined;
  /** By name; tests that name none use the first. */
  readonly data: Readonly<Record<string, TestData>>;
  /** Of each test, as YAML, without its id and its data: `kind: strip, lower: 0`. */
  readonly tests: readonly string[];
}

/** Runs the tests of a suite on a model, beside an approved version. */
export async function runTests({ model, baseline, data, tests }: SuiteCase): Promise<readonly ModelTest[]> {
  const [first = ''] = Object.keys(data);
  const rows = data[first];
  if (rows === undefined) throw new Error('no data');
  const source = [
    'version: 1',
    'name: s',
    `data: { ${Object.keys(data)
      .map((name) => `${name}: { inputs: ${name}.npz }`)
      .join(', ')} }`,
    'tests:',
    ...tests.map((test, at) => `  - { id: t${at}, data: ${first}, ${test} }`),
  ].join('\n');
  const suite = await parseSuite(source, 's');
  const run = (before: TestedModel | undefined) =>
    withModel(model, rows, (own) =>
      runSuite(suite, {
        model: own,
        baseline: before,
        datasets: new Map(Object.entries(data)),
        openModel: () => Promise.reject(new Error('no other model')),
        signal: undefined,
        onStep: () => {},
      }),
    );
  return baseline === undefined ? await run(undefined) : await withModel(baseline, rows, run);
}

/** The same of one test. */
export async function runTest(test: string, given: Omit<SuiteCase, 'tests'>): Promise<ModelTest> {
  const [result] = await runTests({ ...given, tests: [test] });
  if (result === undefined) throw new Error('no result');
  return result;
}
