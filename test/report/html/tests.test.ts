import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { TestReportSchema } from '../../../src/core/behavior/schema.ts';
import { check } from '../../../src/core/schema/check.ts';
import { renderHtml } from '../../../src/report/html/document.ts';
import { renderTests } from '../../../src/report/html/tests/page.ts';
import { all, attribute, parseHtml, shape, textOf } from '../../support/parsed-html.ts';
import { HOSTILE } from '../hostile.ts';
import { NOW } from '../html-sample.ts';
import { CONTEXT, judged } from '../sample.ts';
import { measureOf, testOf, testReport } from './test-sample.ts';

const plain = (text: string) => text.replace(/\s+/g, ' ');

describe('the page of tests', () => {
  it('shows each test with its measures, intervals, what was asked, and its figures', () => {
    expect(check(TestReportSchema, testReport())).not.toHaveProperty('invalid');
    const parsed = parseHtml(renderTests(testReport()));
    expect(parsed.errors).toEqual([]);
    const text = plain(parsed.text);
    expect(text).toContain(
      'FailThe model does not hold what the suite asks. 1 of 3 tests passed, 1 failed, 1 not assessed.',
    );
    expect(all(parsed, 'article').map((one) => plain(textOf(one)).trim().slice(0, 20))).toEqual([
      'accuracy Pass digits',
      'attack Fail digits a',
      'nothing Not assessed',
    ]);
    const rows = all(parsed, 'tr').map((row) => plain(textOf(row)));
    expect(rows).toContain(
      'accuracyPass0.9782240.963 to 0.987 95 %at least 0.9, at most 0.01 below the approved version0.98',
    );
    expect(rows).toContain('steps–not a finite number–at most 3, at most 0.2 above the approved version0.98');
    expect(all(parsed, 'figure')).toHaveLength(3);
    expect(text).toContain('attacks on inputs, on 597 rows of held-out');
    expect(text).toContain('1 node elsewhere (digits), 4.0 % of the time');
  });

  it.each([
    ['pass', 'Everything that the suite asks holds.'],
    ['not-assessed', 'The suite does not show that the model behaves.'],
    ['error', 'The tests could not be completed.'],
  ] as const)('says what %s means', (status, sentence) => {
    expect(plain(parseHtml(renderTests(testReport('x', { status }))).text)).toContain(sentence);
  });

  it('says that a model did not run, and was compared with nothing', () => {
    const text = plain(parseHtml(renderTests(testReport('x', { device: null, baseline: null, rowsAtOnce: 0 }))).text);
    expect(text).toContain('the model did not run');
    expect(text).toContain('no approved version');
    expect(text).not.toContain('Rows at once');
  });

  it('allows nothing but its own style', () => {
    const parsed = parseHtml(renderTests(testReport()));
    const [style] = all(parsed, 'style');
    const digest = createHash('sha256')
      .update(style === undefined ? '' : textOf(style))
      .digest('base64');
    const policy = all(parsed, 'meta').map((meta) => attribute(meta, 'content'));
    expect(policy).toContain(`default-src 'none'; style-src 'sha256-${digest}'; base-uri 'none'; form-action 'none'`);
    const names = parsed.elements.flatMap(({ attrs }) => attrs.map(({ name }) => name));
    expect(names.filter((name) => /^on|^style$|^src$/.test(name))).toEqual([]);
  });

  it.each(Object.entries(HOSTILE))('shows hostile text as text: %s', (_, text) => {
    const parsed = parseHtml(renderTests(testReport(text)));
    expect(parsed.errors).toEqual([]);
    expect(shape(parsed)).toEqual(shape(parseHtml(renderTests(testReport()))));
  });

  it('is bounded, and says what it leaves out', () => {
    const tests = Array.from({ length: 1_000 }, (_, i) =>
      testOf({ id: `t${i}`, measures: Array.from({ length: 300 }, () => measureOf()) }),
    );
    const text = parseHtml(renderTests(testReport('x', { tests }))).text;
    expect(text).toContain('800 more tests: the report in JSON has all.');
    expect(text).toContain('200 more measures: the report in JSON has all.');
  });
});

describe('the tests of a review', () => {
  const attested = (text = 'digits') => {
    const { model, suite, baseline, device, data, rowsAtOnce, tool, status, tests } = testReport(text);
    const run = { model, suite, baseline, device, data, rowsAtOnce, tool, status, tests };
    return judged({ tests: [{ ...run, name: 'tests.intoto.json', signer: text, at: '2026-01-02T03:04:05Z' }] });
  };

  it('show who attests them, with their figures', () => {
    const parsed = parseHtml(renderHtml(attested(), CONTEXT, { now: NOW }));
    expect(parsed.errors).toEqual([]);
    const text = plain(parsed.text);
    expect(text).toContain('Tests of behaviour');
    expect(text).toContain('Attested bydigits');
    expect(all(parsed, 'article').map((one) => plain(textOf(one)).trim().slice(0, 13))).toContain('accuracy Pass');
    expect(all(parsed, 'figure').length).toBeGreaterThanOrEqual(3);
  });

  it('are a section only where there are any', () => {
    const parsed = parseHtml(renderHtml(judged(), CONTEXT, { now: NOW }));
    expect(plain(parsed.text)).not.toContain('Tests of behaviour');
  });

  it.each(Object.entries(HOSTILE))('show hostile text as text: %s', (_, hostile) => {
    const parsed = parseHtml(renderHtml(attested(hostile), CONTEXT, { now: NOW }));
    expect(parsed.errors).toEqual([]);
    expect(shape(parsed)).toEqual(shape(parseHtml(renderHtml(attested('x'), CONTEXT, { now: NOW }))));
  });
});
