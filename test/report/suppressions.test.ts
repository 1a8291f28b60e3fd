import { describe, expect, it } from 'vitest';
import {
  type Judged,
  renderCycloneDx,
  renderHtml,
  renderJson,
  renderJsonLine,
  renderJunit,
  renderMarkdown,
  renderOpenVex,
  renderSarif,
  renderTable,
} from '../../src/report/index.ts';
import { all, parseHtml } from '../support/parsed-html.ts';
import { HOSTILE } from './hostile.ts';
import { rendered } from './markdown-html.ts';
import { validVex } from './openvex-schema.ts';
import { CONTEXT, judged, tableOptions } from './sample.ts';
import { validReport, validSarif } from './validators.ts';
import { waivedSample } from './waived.ts';
import { validJunit } from './xml.ts';

const STEERS = /(?!\n)[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;

function sarif(over = {}) {
  return renderSarif([waivedSample(over)], CONTEXT, { locate: (_judged, file) => ({ uri: file }) });
}

describe('waivers in SARIF', () => {
  it('are suppressions of exactly the waived results', () => {
    const log = validSarif(sarif());
    const results: unknown = Object(log).runs[0].results;
    expect(results).toMatchObject([
      {
        ruleId: 'pickle.global.unlisted',
        suppressions: [
          {
            kind: 'external',
            status: 'accepted',
            justification: 'our own class, reviewed in SEC-142',
            properties: { owner: 'ml-platform@acme.example', expires: '2027-01-31', from: 'waivers.yaml' },
          },
        ],
      },
      { ruleId: 'pickle.global.unlisted' },
      { ruleId: 'verdict.unknown' },
      { ruleId: 'verdict.not-assessed', suppressions: [{ status: 'accepted' }] },
    ]);
    const suppressed = Array.isArray(results) ? results.map((result) => 'suppressions' in result) : [];
    expect(suppressed).toEqual([true, false, false, true]);
  });

  it('are absent when nothing is waived', () => {
    const { assessment } = waivedSample();
    const plain = renderSarif([judged(assessment)], CONTEXT, { locate: (_judged, file) => ({ uri: file }) });
    expect(plain).not.toContain('suppressions');
  });
});

describe('waivers in the table', () => {
  it('are all listed, with their owner and their end', () => {
    const table = renderTable(waivedSample(), CONTEXT, tableOptions({ width: 120 }));
    expect(table.slice(table.indexOf('WAIVER'), table.lastIndexOf('4 files'))).toMatchInlineSnapshot(`
      "WAIVER        verdict.malicious: refused: this rule cannot be waived
                    our own class, reviewed in SEC-142
                    ml-platform@acme.example · until 2027-01-31 · waivers.yaml
      WAIVER        pickle.global.unlisted in a.pkl: applied to 1 finding
                    our own class, reviewed in SEC-142
                    ml-platform@acme.example · until 2027-01-31 · waivers.yaml
      WAIVER        verdict.not-assessed: applied
                    our own class, reviewed in SEC-142
                    ml-platform@acme.example · until 2027-01-31 · waivers.yaml
      WAIVER        pickle.global.unlisted: void: it expired on 2020-01-01
                    our own class, reviewed in SEC-142
                    ml-platform@acme.example · until 2020-01-01 · waivers.yaml
      WAIVER        pickle.global.unlisted: void: it covers another digest
                    our own class, reviewed in SEC-142
                    ml-platform@acme.example · until 2027-01-31 · waivers.yaml
      WAIVER        zip.member.traversal: not needed: the rule was not broken
                    our own class, reviewed in SEC-142
                    ml-platform@acme.example · until 2027-01-31 · waivers.yaml

      "
    `);
  });
});

describe('the table of a waived artifact', () => {
  const table = renderTable(waivedSample(), CONTEXT, tableOptions({ width: 120 }));
  const block = (path: string) => table.split(/\n\n|\n(?=\S)/).find((rows) => rows.includes(` ${path}\n`)) ?? '';

  it('lists the waivers and their ends at the decision', () => {
    expect(table.slice(0, table.indexOf('\n\n'))).toContain(
      'waived: pickle.global.unlisted, by ml-platform@acme.example until 2027-01-31',
    );
    const quiet = renderTable(waivedSample(), CONTEXT, tableOptions({ width: 120, quiet: true }));
    expect(quiet).toContain('waived: verdict.not-assessed');
  });

  it('gives advice only for files with something that is not waived', () => {
    const by = 'waived by ml-platform@acme.example until 2027-01-31';
    expect(block('a.pkl')).toContain(`pickle.global.unlisted · ${by}`);
    expect(block('a.pkl')).not.toContain('next');
    expect(block('m.onnx')).toContain(`its verdict is ${by}`);
    expect(block('m.onnx')).not.toContain('next');
    expect(block('b.pkl')).not.toContain(by);
    expect(block('b.pkl')).toContain('next');
  });
});

const NOW = new Date('2026-06-01T12:00:00Z');

/** Every report format: none of them omits waivers. */
const REPORTS: Readonly<Record<string, (one: Judged) => string>> = {
  table: (one) => renderTable(one, CONTEXT, tableOptions({ width: 80, verbose: true })),
  json: (one) => renderJson(one, CONTEXT),
  jsonl: (one) => renderJsonLine(one, CONTEXT),
  sarif: (one) => renderSarif([one], CONTEXT, { locate: (_judged, file) => ({ uri: file }) }),
  openvex: (one) => renderOpenVex([one], CONTEXT, { timestamp: NOW }),
  markdown: (one) => renderMarkdown([one], CONTEXT),
  junit: (one) => renderJunit([one], CONTEXT),
  cyclonedx: (one) => renderCycloneDx([one], CONTEXT, { now: NOW }),
  html: (one) => renderHtml(one, CONTEXT, { now: NOW }),
};

describe.each(Object.entries(REPORTS))('the report as %s', (name, render) => {
  it('states who waived what', () => {
    expect(render(waivedSample()).replace(/[\\`]/g, '')).toContain('reviewed in SEC-142');
  });

  it.each(Object.entries(HOSTILE))('escapes waivers with %s', async (_, text) => {
    const report = render(waivedSample({ reason: text, owner: text, from: text }));
    expect(report).not.toMatch(STEERS);
    expect(report.length).toBeLessThan(500_000);
    if (name === 'html') expect([...all(parseHtml(report), 'script'), ...all(parseHtml(report), 'img')]).toEqual([]);
    if (name === 'markdown') expect([...rendered(report).attributes]).toEqual([]);
    if (name === 'junit') await validJunit(report);
    if (name === 'sarif') validSarif(report);
    if (name === 'openvex') validVex(report);
    if (name === 'json') validReport(report);
    if (name === 'table') expect(report.split('\n').filter((line) => /^ALLOW/.test(line))).toEqual([]);
  });
});
