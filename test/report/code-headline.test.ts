import { describe, expect, it } from 'vitest';
import type { FileAssessment } from '../../src/core/assessment/assessment.ts';
import { headline } from '../../src/report/meaning.ts';

function file(path: string, rest: Partial<FileAssessment>): FileAssessment {
  return {
    path,
    size: 1,
    format: 'json',
    sha256: null,
    digestBasis: 'none',
    verdict: 'clean',
    imports: [],
    readings: [],
    reasons: [],
    coverage: { ranges: [], gaps: [] },
    ...rest,
  };
}

const CODE = file('x.py', { format: 'python', verdict: 'not-assessed' });
const NOTEBOOK = file('x.ipynb', {
  verdict: 'not-assessed',
  reasons: ['The file is source code, which was read and not proved harmless: imports os.'],
});
const MODEL = file('x.onnx', { format: 'onnx', verdict: 'not-assessed' });

describe('the headline', () => {
  it('states that code was not judged', () => {
    expect(headline([CODE], 'warn')).toBe('not assessed: the file contains code that no scanner judged');
    expect(headline([CODE, NOTEBOOK], 'warn')).toBe('not assessed: all 2 files contain code that no scanner judged');
    expect(headline([CODE, MODEL], 'warn')).toBe('not assessed: 1 of 2 files contains code that no scanner judged');
    expect(headline([CODE, NOTEBOOK, file('a', {})], 'warn')).toBe(
      'not assessed: 2 of 3 files contain code that no scanner judged',
    );
  });

  it('names the format where there is no code, and the worst verdict', () => {
    expect(headline([MODEL], 'warn')).toBe('not assessed: the file has a format that no scanner judges yet');
    expect(headline([CODE, file('b', { verdict: 'suspicious' })], 'warn')).toMatch(/^suspicious: 1 of 2 files/);
  });
});
