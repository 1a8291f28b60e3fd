import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isAssayError } from '../../../src/core/errors.ts';
import { readTemplates } from '../../../src/integrity/statements/read-templates.ts';

const [A, B] = ['a'.repeat(64), 'b'.repeat(64)];
const HEAD = '# What ran\nbaseline:\n  owner: ""\n  reason: "x"\n  expires: ""\n  templates:\n';
const read = (text: string) => readTemplates(Buffer.from(text), 'baseline.yaml');

describe('a list of Pod templates', () => {
  it('is read as the audit wrote it, sorted and each once', () => {
    expect(read(`${HEAD}    - ${B}\n    - ${A}\n    - ${B}\n`)).toEqual([A, B]);
  });

  it.each<[string, string, RegExp]>([
    ['another key', `${HEAD}  more: x\n    - ${A}\n`, /line 7 is not one of a baseline/],
    ['a digest that is too short', `${HEAD}    - ${A.slice(1)}\n`, /line 7/],
    ['a digest with a word behind it', `${HEAD}    - ${A} # x\n`, /line 7/],
    ['templates in one line', `baseline: {templates: [${A}]}\n`, /line 1/],
    ['none', HEAD, /has no templates/],
    [
      'too many',
      HEAD + Array.from({ length: 20_001 }, (_, at) => `    - ${at.toString(16).padStart(64, '0')}\n`).join(''),
      /more than 20000/,
    ],
  ])('is refused with %s', (_, text, message) => {
    expect(() => read(text)).toThrow(message);
  });

  it('of any bytes is digests or an error', () => {
    const line = fc.oneof(fc.string(), fc.constantFrom(`    - ${A}`, 'baseline:', '  templates:', `  owner: ${A}`));
    fc.assert(
      fc.property(fc.array(line), (lines) => {
        try {
          for (const one of read(lines.join('\n'))) expect(one).toMatch(/^[0-9a-f]{64}$/);
        } catch (error) {
          expect(isAssayError(error)).toBe(true);
        }
      }),
    );
  });
});
