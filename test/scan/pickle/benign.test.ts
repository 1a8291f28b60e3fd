import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { assess } from '../../../src/pipeline/assess.ts';
import { openArtifact } from '../../../src/sources/open-artifact.ts';

const BENIGN = new URL('../../../fixtures/benign', import.meta.url).pathname;

const libraries = readdirSync(BENIGN, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map((entry) => entry.name);

/** Formats that no scanner judges yet. */
const UNJUDGED = /^format\./;

describe('the benign fixtures', () => {
  it.each(libraries)('of %s have no finding', { timeout: 300_000 }, async (library) => {
    const artifact = await openArtifact(join(BENIGN, library));
    try {
      const assessment = await assess(artifact);
      const flagged = assessment.files.filter(({ verdict }) => verdict !== 'clean' && verdict !== 'not-assessed');
      const why = assessment.findings.map(({ file, ruleId, message }) => `${file}: ${ruleId} ${message}`);
      expect(flagged.map(({ path, reasons }) => `${path}: ${reasons}`).concat(why)).toEqual([]);
      expect(
        assessment.checks.filter(({ status }) => status === 'not-assessed').every(({ id }) => UNJUDGED.test(id)),
      ).toBe(true);
      expect(assessment.files.filter(({ verdict }) => verdict === 'clean').length).toBeGreaterThan(0);
    } finally {
      await artifact.close();
    }
  });

  it.each(['torch', 'sklearn', 'numpy', 'pandas', 'xgboost', 'lightgbm', 'joblib'])(
    'contain at least two versions of %s',
    (library) => {
      const versions = readdirSync(join(BENIGN, library), { withFileTypes: true }).filter((entry) =>
        entry.isDirectory(),
      );
      expect(versions.length).toBeGreaterThanOrEqual(2);
      expect(JSON.parse(readFileSync(join(BENIGN, library, 'manifest.json'), 'utf8'))).toBeTypeOf('object');
    },
  );
});
