import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { reviewRowsCsv } from '../../../src/pipeline/data/rows-list.ts';

const row = (id: string | null, why = 'w') => ({ check: 'data.x', row: 7, id, score: -1.5, why });

describe('the list of rows to look at', () => {
  it('quotes texts, and writes numbers as they are', () => {
    expect(reviewRowsCsv([row('a "b", c\nd'), row(null)])).toBe(
      'check,row,id,score,why\r\n"data.x",7,"a ""b"", c\nd",-1.5,"w"\r\n"data.x",7,,-1.5,"w"\r\n',
    );
  });

  it('lets no text act as a formula', () => {
    for (const start of ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'])
      expect(reviewRowsCsv([row(`${start}1+1`)]), JSON.stringify(start)).toContain(`"'${start}1+1"`);
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string(), (id, why) => {
        const cells = reviewRowsCsv([row(id, why)]).slice('check,row,id,score,why\r\n"data.x",7,'.length);
        expect(cells).toMatch(/^"(?![=+\-@\t\r\n])/);
      }),
    );
  });
});
