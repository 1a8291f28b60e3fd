import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type DataCheck, type DataFigure, type DataReport, DataReportSchema } from '../../../src/core/data/schema.ts';
import { check } from '../../../src/core/schema/check.ts';
import { renderData } from '../../../src/report/html/data/page.ts';
import { figuresBlock } from '../../../src/report/html/figures/figures.ts';
import { all, attribute, parseHtml, shape, textOf } from '../../support/parsed-html.ts';
import { HOSTILE } from '../hostile.ts';

const SHA = `sha256:${'ab'.repeat(32)}`;
const plain = (text: string) => text.replace(/\s+/g, ' ');

function figureOf(changes: Partial<DataFigure> = {}, name = 'spam'): DataFigure {
  return {
    kind: 'bars',
    title: 'Labels',
    value: 'share of the rows',
    bars: [
      { name, value: 0.5, baseline: 0.25 },
      { name: 'ham', value: 0.25, baseline: null },
    ],
    ...changes,
  };
}

function checkOf(changes: Partial<DataCheck> = {}, text = 'words'): DataCheck {
  return {
    id: 'data.label-drift',
    title: text,
    weight: 'decides',
    status: 'fail',
    detail: text,
    measures: [{ name: text, value: 0.31234, baseline: 0.1, max: 0.25, pass: false }],
    rows: [
      { row: 7, id: text, why: text, score: 2.5 },
      { row: null, id: null, why: text, score: null },
    ],
    rowCount: 60,
    figures: [figureOf({ title: text, value: text }, text)],
    falseAlarms: text,
    unseen: text,
    ...changes,
  };
}

function reportOf(text = 'mails.csv', changes: Partial<DataReport> = {}): DataReport {
  return {
    schemaVersion: '1',
    tool: { name: 'assay', version: '0.1.0' },
    engine: { name: 'DuckDB', version: 'v1.5.6' },
    files: [{ path: text, split: text, format: 'csv', bytes: 1024, sha256: SHA }],
    rows: 400,
    splits: [
      { name: text, rows: 300 },
      { name: 'test', rows: 100 },
    ],
    columns: [
      { name: text, type: text, role: 'label' },
      { name: 'f', type: 'BIGINT', role: null },
    ],
    baseline: { path: text, sha256: SHA, rows: 400 },
    status: 'fail',
    owasp: { 'ML02:2023': { status: 'fail', evidence: 'direct', checks: [] } },
    checks: [
      checkOf({ id: 'data.schema', status: 'pass', measures: [], rows: [], rowCount: 0, figures: [] }, text),
      checkOf({ id: 'data.hosts', weight: 'review' }, text),
      checkOf({}, text),
    ],
    lineage: {
      nodes: [{ id: 'm', kind: 'model', name: text, sha256: null, atHand: true }],
      edges: [{ from: 'm', to: null, relation: 'trained on', status: 'mismatched', why: text, documents: [text] }],
      notes: [text],
    },
    notes: [text],
    ...changes,
  };
}

describe('the page of training data', () => {
  it('shows what fails first, with measures, figures, the rows to look at, and where the data came from', () => {
    expect(check(DataReportSchema, reportOf())).not.toHaveProperty('invalid');
    const parsed = parseHtml(renderData(reportOf()));
    expect(parsed.errors).toEqual([]);
    const text = plain(parsed.text);
    expect(text).toContain('FailA check fails the data. 1 of 3 checks passed, 1 failed, 1 to look at, 0 not assessed.');
    expect(all(parsed, 'h3').map((one) => plain(textOf(one)).trim())).toEqual([
      'data.label-drift Fail',
      'data.hosts Look at it',
      'data.schema Pass',
    ]);
    const rows = all(parsed, 'tr').map((row) => plain(textOf(row)));
    expect(rows).toContain('words0.3123at most 0.250.1'.replace('words', 'mails.csv'));
    expect(rows).toContain('7 mails.csvmails.csv2.5');
    expect(rows).toContain('mails.csv trained on nothingMismatchedmails.csvmails.csv');
    expect(text).toContain('58 more rows: --rows rows.csv lists all.');
    expect(text).toContain('mails.csv 300, test 100');
  });

  it('without a baseline, notes and lineage says so, or nothing', () => {
    const { lineage: _, notes: __, ...bare } = reportOf('x', { baseline: null, status: 'pass' });
    const text = plain(parseHtml(renderData(bare)).text);
    expect(text).toContain('no approved data');
    expect(text).not.toContain('Where the data came from');
    expect(text).not.toContain('Left out');
  });

  it.each(Object.entries(HOSTILE))('shows hostile text (%s) as text', (name, text) => {
    const short = text.slice(0, 10_000);
    const parsed = parseHtml(renderData(reportOf(short)));
    expect(parsed.errors, name).toEqual([]);
    expect(shape(parsed)).toEqual(shape(parseHtml(renderData(reportOf('plain')))));
  });
});

describe('bars', () => {
  const drawn = (figure: DataFigure) =>
    parseHtml(`<!DOCTYPE html><html><head><title>t</title></head><body>${figuresBlock([figure])}</body></html>`);

  it('are as long as their values, with the baseline beneath, and their numbers', () => {
    const parsed = drawn(figureOf());
    expect(parsed.errors).toEqual([]);
    const bars = all(parsed, 'rect').map((bar) => [attribute(bar, 'class'), attribute(bar, 'width')]);
    expect(bars).toEqual([
      ['bar-now', '440'],
      ['bar-before', '220'],
      ['bar-now', '220'],
    ]);
    expect(all(parsed, 'tr')).toHaveLength(3);
    expect(parsed.text).toContain('The thick bar is of this data, the thin one of the approved baseline.');
  });

  it.each([
    ['no bars', [], 'it has no bars'],
    [
      'a negative number',
      [{ name: 'a', value: -1, baseline: null }],
      'a number of it is negative, not finite, or too large',
    ],
    [
      'a number that is not one',
      [{ name: 'a', value: Number.NaN, baseline: null }],
      'a number of it is negative, not finite, or too large',
    ],
  ])('with %s are not drawn, and say why', (_, bars, why) => {
    const parsed = drawn(figureOf({ bars }));
    expect(all(parsed, 'svg')).toEqual([]);
    expect(parsed.text).toContain(`Labels cannot be drawn: ${why}.`);
  });

  it('stay within the drawing, whatever their numbers', () => {
    const number = fc.double({ min: 0, max: 1e300, noNaN: true });
    const bar = fc.record({ name: fc.string({ unit: 'binary' }), value: number, baseline: fc.option(number) });
    fc.assert(
      fc.property(fc.array(bar, { minLength: 1, maxLength: 30 }), (bars) => {
        const widths = all(drawn(figureOf({ bars })), 'rect').map((one) => Number(attribute(one, 'width')));
        for (const width of widths) expect(width >= 0 && width <= 440, String(width)).toBe(true);
      }),
    );
  });
});
