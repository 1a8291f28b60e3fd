import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { secretDetectors } from '../../../src/scan/secrets/detect/detectors.ts';
import { searchBytes } from '../../support/search-bytes.ts';

const needles = secretDetectors.flatMap((one) =>
  one.needles.map((needle) => (typeof needle === 'string' ? needle : needle.text)),
);

describe('any bytes', () => {
  it('are searched without an error', async () => {
    const part = fc.oneof(
      fc.constantFrom(...needles),
      fc.string({ maxLength: 80 }),
      fc.base64String({ maxLength: 200 }),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(part, { maxLength: 12 }),
        fc.constantFrom('a.txt', '.env', 'a.json', 'a.pkl'),
        async (parts, file) => {
          for (const report of await searchBytes(parts.join(''), file)) expect(report.rule.verdict).toBe('none');
        },
      ),
      { numRuns: 300 },
    );
  });

  it('give at most fifty findings', async () => {
    const keys = Array.from({ length: 200 }, (_, i) => `https://bot:pAss9word${i}@git${i}.acme.io`);
    expect(await searchBytes(keys.join('\n'), 'a.txt')).toHaveLength(50);
  });
});
