import { describe, expect, it } from 'vitest';
import type { Assessment } from '../../../src/core/assessment/assessment.ts';
import type { AttestedTests } from '../../../src/core/behavior/attested.ts';
import type { RequiredSuite } from '../../../src/core/behavior/required-suite.ts';
import { caseAssessment } from '../../../src/policy/cases/assessment.ts';
import { withTests } from '../../../src/policy/tests/with-tests.ts';
import { INPUTS } from '../../integrity/attestations/samples.ts';

const A = 'a1'.repeat(32);
const B = 'b2'.repeat(32);
const { report } = INPUTS.tests;

type Test = AttestedTests['tests'][number];

function testOf(change: Partial<Test> = {}): Test {
  const [first] = report.tests;
  if (first === undefined) throw new Error('the sample has no test');
  return { ...first, ...change };
}

function attested(change: Partial<AttestedTests> = {}): AttestedTests {
  const { baseline, data, device, rowsAtOnce, tool } = report;
  return {
    name: '--attestation t.json',
    signer: 'ci',
    at: '2026-11-25T12:00:00Z',
    suite: { name: 'digits', sha256: B, seed: 1 },
    model: { path: 'm.onnx', sha256: A, data: [] },
    status: 'pass',
    tests: [testOf()],
    ...{ baseline, data, device, rowsAtOnce, tool },
    ...change,
  };
}

type File = Assessment['files'][number];

function judged(files: readonly Partial<File>[], ...tests: readonly AttestedTests[]) {
  return judgedBy(null, files, tests);
}

function judgedBy(suite: RequiredSuite | null, files: readonly Partial<File>[], tests: readonly AttestedTests[]) {
  const assessment = caseAssessment({});
  const [plain] = assessment.files;
  if (plain === undefined) throw new Error('a case has a file');
  const given = files.map((file) => ({ ...plain, path: 'm.onnx', sha256: A, format: 'onnx', ...file }));
  const { checks, tests: own = [] } = withTests({ ...assessment, files: given }, tests, suite);
  return { checks: Object.fromEntries(checks.map(({ id, status, detail }) => [id, `${status}: ${detail}`])), own };
}

const MODEL = {};
const CONFIG = { path: 'config.json', format: 'json', sha256: B };

describe('attested tests of an artifact', () => {
  it('pass when they are of its model, whatever data lies beside it', () => {
    const { checks, own } = judged([MODEL, CONFIG], attested());
    expect(checks).toEqual({
      'tests.attested': 'pass: "ci" signed tests of m.onnx by the suite digits',
      'tests.passed': 'pass: 1 tests of digits',
      'behavior.known-input': 'pass: accuracy: accuracy: 0.978224',
    });
    expect(own).toHaveLength(1);
  });

  it('count for a model that was moved with its tensors', () => {
    const model = { path: 'm.onnx', sha256: A, data: [{ path: 'w.data', sha256: B }] };
    const there = [{ path: 'v2/m.onnx' }, { path: 'v2/w.data', sha256: B, format: 'unknown' }];
    expect(judged(there, attested({ model })).checks['tests.passed']).toMatch(/^pass/);
  });

  it.each<[string, readonly Partial<File>[]]>([
    ['other bytes', [{ sha256: B }]],
    ['a digest that the source claims', [{ digestBasis: 'claimed' }]],
    ['no digest', [{ sha256: null, digestBasis: 'none' }]],
    [
      'other tensors in the place of those that were tested',
      [MODEL, { path: 'w.data', sha256: A }, { path: 'old.data', sha256: B }],
    ],
  ])('say nothing of %s', (_, files) => {
    const data = files.length > 1 ? [{ path: 'w.data', sha256: B }] : [];
    const { checks, own } = judged(files, attested({ model: { path: 'm.onnx', sha256: A, data } }));
    expect(checks['tests.attested']).toBe(
      `not-assessed: --attestation t.json is about another artifact: m.onnx sha256:${A}`,
    );
    expect(checks['tests.passed']).toMatch(/^not-assessed/);
    expect(checks).not.toHaveProperty('behavior.known-input');
    expect(own).toEqual([]);
  });

  it.each(['safetensors', 'onnx', 'pickle', 'unknown', 'python'])('leave a file of the format %s open', (format) => {
    const { checks } = judged([MODEL, { path: 'other.bin', format, sha256: B }], attested());
    expect(checks['tests.attested']).toMatch(/^pass/);
    expect(checks['tests.passed']).toBe('not-assessed: was not tested: other.bin');
    expect(judged([MODEL, { path: 'copy.bin', format }], attested()).checks['tests.passed']).toMatch(/^pass/);
  });

  it('fail when one of them does, whoever signed others that pass', () => {
    const failed = attested({
      signer: 'nightly',
      status: 'fail',
      tests: [testOf({ id: 'attack', area: 'adversarial', status: 'fail', detail: 'robust accuracy is 0.1' })],
    });
    const { checks } = judged([MODEL], attested(), failed);
    expect(checks['tests.passed']).toBe('fail: attack: robust accuracy is 0.1');
    expect(checks['behavior.adversarial']).toMatch(/^fail/);
    expect(checks['behavior.known-input']).toMatch(/^pass/);
  });

  it('are open when the suite asks for nothing, or what is asked cannot be told', () => {
    const open = testOf({ status: 'not-assessed', detail: 'the gradient is hidden', measures: [] });
    const { checks } = judged(
      [MODEL],
      attested({ status: 'not-assessed', tests: [testOf(), { ...open, id: 'open' }] }),
    );
    expect(checks['tests.passed']).toMatch(/^not-assessed: the suite digits/);
    expect(checks['behavior.known-input']).toBe('not-assessed: open: the gradient is hidden');
  });

  it('of another artifact do not count, and are said', () => {
    const other = attested({ name: '--attestation other.json', model: { path: 'x.onnx', sha256: B, data: [] } });
    const { checks, own } = judged([MODEL], attested(), other);
    expect(checks['tests.attested']).toContain('--attestation other.json is about another artifact: x.onnx');
    expect(checks['tests.passed']).toMatch(/^pass/);
    expect(own).toHaveLength(1);
  });
});

describe('a suite that is asked for', () => {
  const suite = { name: 'digits', digest: `sha256:${B}` };
  const other = (change: Partial<AttestedTests> = {}) =>
    attested({ suite: { name: 'digits', sha256: A, seed: 1 }, ...change });

  it('is answered by its own runs', () => {
    const { checks, own } = judgedBy(suite, [MODEL], [attested(), other({ status: 'fail' })]);
    expect(checks['tests.passed']).toBe('pass: 1 tests of digits');
    expect(own).toHaveLength(2);
  });

  it.each<[string, readonly AttestedTests[], RegExp]>([
    ['no run', [], /^not-assessed: the suite digits \(sha256:b2.*\) is asked for, and no attested tests/],
    ['another suite of the same name', [other()], /^not-assessed: .*by another suite do not count: digits \(sha256:a1/],
    ['tests of another model', [attested({ model: { path: 'x', sha256: B, data: [] } })], /^not-assessed: the suite/],
    ['a run that failed', [attested({ status: 'fail', tests: [testOf({ status: 'fail' })] })], /^fail: /],
    ['a run that leaves what it asks open', [attested({ status: 'not-assessed' })], /^not-assessed: the suite digits/],
  ])('is not answered by %s', (_, tests, expected) => {
    expect(judgedBy(suite, [MODEL], tests).checks['tests.passed']).toMatch(expected);
  });

  it('has to be run on each model', () => {
    const second = { path: 'second.onnx', sha256: A.replace('a1', 'c3') };
    const easy = other({ model: { path: 'second.onnx', sha256: second.sha256, data: [] } });
    expect(judgedBy(suite, [MODEL, second], [attested(), easy]).checks['tests.passed']).toBe(
      'not-assessed: was not tested: second.onnx',
    );
  });
});
