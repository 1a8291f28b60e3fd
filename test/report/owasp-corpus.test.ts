import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { assess } from '../../src/pipeline/assess.ts';
import { meaningOf } from '../../src/report/owasp/checks.ts';
import { mapOwasp, OWASP_RISKS } from '../../src/report/owasp/owasp.ts';
import { RULES } from '../../src/scan/rules/catalogue.ts';
import { SCANNERS } from '../../src/scan/scanners.ts';
import { INTERESTS } from '../../src/scan/text/interest.ts';
import { artifactOf, folderFiles } from '../support/artifacts.ts';

const FIXTURES = new URL('../../fixtures/', import.meta.url).pathname;

describe('the mapping of the catalogue and the corpus to the OWASP ML Top 10', () => {
  it.each([...RULES.values()].map((rule) => [rule.id, rule.owasp] as const))('maps the rule %s to %s', (_, owasp) => {
    expect(owasp).not.toEqual([]);
    for (const id of owasp) expect(OWASP_RISKS).toHaveProperty([id]);
  });

  it('maps each check of an unjudged text or format to a risk', () => {
    const formats = SCANNERS.flatMap((scanner) => scanner.formats).map((format) => `format.${format}.scan`);
    for (const id of [...Object.keys(INTERESTS), ...formats]) expect(meaningOf(id), id).toBeDefined();
  });

  it('maps each check of the fixtures to a risk, which lists it', async () => {
    const seen = new Set<string>();
    const lost: string[] = [];
    for (const entry of readdirSync(FIXTURES, { withFileTypes: true })) {
      if (!entry.isDirectory()) continue;
      const assessment = await assess(artifactOf(folderFiles(join(FIXTURES, entry.name))));
      const { risks } = mapOwasp(assessment);
      for (const check of assessment.checks) {
        seen.add(check.id);
        if (!Object.values(risks).some(({ checks }) => checks.includes(check.id))) lost.push(check.id);
      }
      for (const risk of Object.values(risks)) {
        for (const id of risk.findings) expect(assessment.findings.map((finding) => finding.fingerprint)).toContain(id);
      }
    }
    expect(lost).toEqual([]);
    expect(seen.size).toBeGreaterThan(15);
  }, 300_000);
});
