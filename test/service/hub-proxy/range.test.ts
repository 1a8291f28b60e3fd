import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseRange } from '../../../src/service/hub-proxy/range.ts';

test.each<[string | undefined, ReturnType<typeof parseRange>]>([
  [undefined, undefined],
  ['', undefined],
  ['bytes=0-0', { start: 0, end: 0 }],
  ['bytes=0-', { start: 0, end: 99 }],
  ['bytes=10-19', { start: 10, end: 19 }],
  ['bytes=10-1000', { start: 10, end: 99 }],
  ['bytes=-10', { start: 90, end: 99 }],
  ['bytes=-1000', { start: 0, end: 99 }],
  ['bytes=-0', 'none'],
  ['bytes=100-', 'none'],
  ['bytes=9007199254740991-', 'none'],
  ['bytes=99999999999999999-', undefined],
  ['bytes=-', undefined],
  ['bytes=5-4', undefined],
  ['bytes=1-2,3-4', undefined],
  ['bytes=0x1-2', undefined],
  ['lines=1-2', undefined],
])('the header %s for a file of 100 bytes gives the expected range', (header, range) => {
  expect(parseRange(header, 100)).toEqual(range);
});

test('an empty file has no range', () => {
  expect(parseRange('bytes=0-', 0)).toBe('none');
  expect(parseRange('bytes=-5', 0)).toBe('none');
});

test('a range lies within the file for every header', () => {
  fc.assert(
    fc.property(fc.string(), fc.nat(), fc.nat(), fc.nat(), (text, first, last, size) => {
      for (const header of [text, `bytes=${text}`, `bytes=${first}-${last}`, `bytes=-${last}`, `bytes=${first}-`]) {
        const range = parseRange(header, size);
        if (typeof range !== 'object') continue;
        expect(range.start).toBeGreaterThanOrEqual(0);
        expect(range.end).toBeGreaterThanOrEqual(range.start);
        expect(range.end).toBeLessThan(size);
      }
    }),
  );
});
