import { describe, expect, it } from 'vitest';
import { renderJson, renderJsonLine, renderSarif, renderTable } from '../../src/report/index.ts';
import { pathToUri } from '../../src/report/sarif/sarif.ts';
import { HOSTILE, hostile } from './hostile.ts';
import { CONTEXT, tableOptions } from './sample.ts';
import { validReport, validSarif } from './validators.ts';

/** Every control character that a terminal obeys, or that reorders text for a reader, except line feeds. */
const STEERS = /(?!\n)[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;
const context = { ...CONTEXT, coverage: true };

describe.each(Object.entries(HOSTILE))('text with %s', (_, text) => {
  const all = hostile(text);

  it.each([80, 120])('is escaped in a table of %i columns, and starts no line', (width) => {
    for (const verbose of [false, true]) {
      const table = renderTable(all, context, tableOptions({ width, verbose, reopen: (file) => file }));
      expect(table).not.toMatch(STEERS);
      const starts = table.split('\n').filter((line) => /^\S/.test(line));
      for (const line of starts) {
        expect(line).toMatch(
          /^(DENY|MALICIOUS|SUSPICIOUS|NOT ASSESSED|CLEAN|SIGNATURE|signer|covers|changed|missing|not covered|empty|coverage|fail|not-assessed|note|4 files|read|policy|ruleset|OWASP)/,
        );
      }
      expect(starts.filter((line) => /^ALLOW/.test(line))).toEqual([]);
      expect(table.length).toBeLessThan(100_000);
    }
  });

  it('is escaped in JSON, and changes nothing else', () => {
    const json = renderJson(all, context);
    expect(json).not.toMatch(STEERS);
    expect(validReport(json)).toMatchObject({
      decision: { action: 'deny' },
      files: { length: 4 },
      findings: { length: 2 },
    });
    expect(json.length).toBeLessThan(500_000);
  });

  it('stays on one line in JSON Lines', () => {
    const line = renderJsonLine(all, context);
    expect(line.indexOf('\n')).toBe(line.length - 1);
    validReport(line);
  });

  it('is escaped in SARIF, and creates no links', () => {
    const sarif = renderSarif([all], context, { locate: (_judged, file) => ({ uri: pathToUri(file.slice(0, 4000)) }) });
    expect(sarif).not.toMatch(STEERS);
    const log = validSarif(sarif);
    const texts = JSON.stringify(log, (key, value) => (key === 'properties' || key === 'rules' ? undefined : value));
    expect(texts).not.toMatch(/"text":"[^"]*(?<!\\\\)\[click\]/);
    expect(sarif.length).toBeLessThan(500_000);
  });
});
