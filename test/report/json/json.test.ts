import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { renderJson, renderJsonLine, toReport } from '../../../src/report/index.ts';
import { reportSchemaDocument } from '../../../src/report/schema/index.ts';
import { assessment, CONTEXT, file, judged, mixed } from '../sample.ts';
import { reportErrors, validReport } from '../validators.ts';

const GOLDEN = '../../golden/report-v1.json';
const withCoverage = { ...CONTEXT, coverage: true };

describe('the JSON report', () => {
  it('equals the golden file, which conforms to the published schema', async () => {
    const json = renderJson(mixed(), withCoverage);
    await expect(json).toMatchFileSnapshot(GOLDEN);
    validReport(readFileSync(new URL(GOLDEN, import.meta.url), 'utf8'));
  });

  it('has a published schema that equals the generated one (otherwise run node scripts/report-schema.mjs)', () => {
    const published = readFileSync(new URL('../../../src/report/schema/report-v1.json', import.meta.url), 'utf8');
    expect(JSON.parse(published)).toEqual(JSON.parse(JSON.stringify(reportSchemaDocument())));
  });

  it('has coverage only when it is requested', () => {
    const report = toReport(mixed(), CONTEXT);
    expect(report.files.every((entry) => !('coverage' in entry))).toBe(true);
    validReport(renderJson(mixed(), CONTEXT));
  });

  it('has null for unknown values, and the same properties', () => {
    const known = judged({
      artifact: { ref: 'a', pinned: 'a', digest: null },
      files: [file({ path: 'a', sha256: null, digestBasis: 'none' })],
    });
    const report = toReport(known, CONTEXT);
    expect(report.artifact.digest).toBeNull();
    expect(report.files[0]?.sha256).toBeNull();
    validReport(renderJson(known, CONTEXT));
  });

  it('is one line in JSON Lines', () => {
    const line = renderJsonLine(mixed(), CONTEXT);
    expect(JSON.parse(line)).toEqual(JSON.parse(renderJson(mixed(), CONTEXT)));
    expect(line.match(/\n/g)).toHaveLength(1);
  });

  it('lists every risk, and the checks that would assess the open ones', () => {
    const report = toReport(mixed(), CONTEXT);
    expect(Object.keys(report.owasp)).toHaveLength(10);
    const checks = new Set(report.checks.map(({ id }) => id));
    for (const risk of Object.values(report.owasp)) for (const id of risk.checks) expect(checks).toContain(id);
    expect(report.stats).toEqual(assessment(mixed().assessment).stats);
  });
});

/** Yields every object of a JSON value with its path. */
function* objectsOf(value: unknown, path = '$'): Generator<[path: string, object: Record<string, unknown>]> {
  if (typeof value !== 'object' || value === null) return;
  if (!Array.isArray(value)) yield [path, value as Record<string, unknown>];
  for (const [key, inner] of Object.entries(value)) yield* objectsOf(inner, `${path}.${key}`);
}

describe('the published schema', () => {
  const parse = () => JSON.parse(renderJson(mixed(), withCoverage));

  it('refuses a missing or additional property anywhere', () => {
    for (const [path] of objectsOf(parse())) {
      const more = parse();
      const target = [...objectsOf(more)].find(([at]) => at === path)?.[1] ?? {};
      target.surprise = 1;
      expect(reportErrors(more), `${path} with a property more`).not.toEqual([]);
      for (const key of Object.keys(target).filter((name) => name !== 'surprise' && name !== 'coverage')) {
        const less = parse();
        const poorer = [...objectsOf(less)].find(([at]) => at === path)?.[1] ?? {};
        delete poorer[key];
        expect(reportErrors(less), `${path} without ${key}`).not.toEqual([]);
      }
    }
  });

  it('refuses words that the contract does not contain', () => {
    for (const [key, word] of [
      ['status', 'done'],
      ['action', 'block'],
      ['verdict', 'safe'],
      ['severity', 'CRITICAL'],
      ['digestBasis', 'guessed'],
      ['schemaVersion', '2'],
    ] as const) {
      const report = parse();
      const holder = [...objectsOf(report)].find(([, object]) => key in object)?.[1] ?? {};
      holder[key] = word;
      expect(reportErrors(report), `${key}: ${word}`).not.toEqual([]);
    }
  });
});
