import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Coverage, type CoverageKind } from '../../../src/core/assessment/coverage.ts';

const SIZE = 60;

interface Mark {
  readonly start: number;
  readonly end: number;
  readonly kind: CoverageKind;
  readonly why: string | undefined;
}

const mark: fc.Arbitrary<Mark> = fc
  .record({
    start: fc.nat(SIZE),
    length: fc.integer({ min: -3, max: 25 }),
    kind: fc.constantFrom<CoverageKind>('parsed', 'opaque'),
    why: fc.constantFrom(undefined, 'tensor', 'text'),
  })
  .map(({ start, length, kind, why }) => ({ start, end: Math.min(SIZE, start + length), kind, why }));

function covered(marks: readonly Mark[]): Coverage {
  const coverage = new Coverage();
  for (const { start, end, kind, why } of marks) coverage.mark(start, end, kind, why);
  return coverage;
}

describe('coverage', () => {
  it('reports the best coverage of each byte: parsed before opaque before unread', () => {
    fc.assert(
      fc.property(fc.array(mark, { maxLength: 20 }), (marks) => {
        const coverage = covered(marks);
        const told: (CoverageKind | undefined)[] = new Array(SIZE).fill(undefined);
        for (const { start, end, kind } of coverage.ranges())
          for (let at = start; at < end; at++) {
            expect(told[at]).toBeUndefined();
            told[at] = kind;
          }
        const expected = told.map((_, at) => {
          const kinds = marks.filter(({ start, end }) => start <= at && at < end).map(({ kind }) => kind);
          return kinds.includes('parsed') ? 'parsed' : kinds[0];
        });
        expect(told).toEqual(expected);
      }),
      { numRuns: 1_000 },
    );
  });

  it('gives sorted, disjoint, non-empty ranges that make up the file together with the gaps', () => {
    fc.assert(
      fc.property(fc.array(mark, { maxLength: 20 }), (marks) => {
        const coverage = covered(marks);
        const ranges = coverage.ranges();
        for (const [i, { start, end }] of ranges.entries()) {
          expect(end).toBeGreaterThan(start);
          if (i > 0) expect(start).toBeGreaterThanOrEqual(ranges[i - 1]?.end ?? 0);
        }
        const parts = [...ranges, ...coverage.gaps(SIZE)].sort((a, b) => a.start - b.start);
        let at = 0;
        for (const { start, end } of parts) {
          expect(start).toBe(at);
          at = end;
        }
        expect(at).toBe(SIZE);
      }),
      { numRuns: 1_000 },
    );
  });

  it('keeps the reason of opaque ranges', () => {
    const coverage = covered([
      { start: 0, end: 10, kind: 'opaque', why: 'tensor' },
      { start: 4, end: 6, kind: 'parsed', why: undefined },
      { start: 8, end: 20, kind: 'opaque', why: 'text' },
    ]);
    expect(coverage.ranges()).toEqual([
      { start: 0, end: 4, kind: 'opaque', why: 'tensor' },
      { start: 4, end: 6, kind: 'parsed' },
      { start: 6, end: 10, kind: 'opaque', why: 'tensor' },
      { start: 10, end: 20, kind: 'opaque', why: 'text' },
    ]);
  });

  it('joins a sequential parse into one range', () => {
    const coverage = new Coverage();
    for (let at = 0; at < 1_000; at++) coverage.mark(at, at + 1, 'parsed');
    expect(coverage.ranges()).toEqual([{ start: 0, end: 1_000, kind: 'parsed' }]);
    expect(coverage.gaps(1_001)).toEqual([{ start: 1_000, end: 1_001 }]);
  });

  it('is one gap before any mark, and has no gap for an empty file', () => {
    expect(new Coverage().gaps(5)).toEqual([{ start: 0, end: 5 }]);
    expect(new Coverage().gaps(0)).toEqual([]);
    expect(new Coverage().ranges()).toEqual([]);
  });

  it('keeps 100,000 marks made in any order', () => {
    const marks = Array.from({ length: 100_000 }, (_, i) => ({
      at: 10 * ((i * 77_777) % 100_000),
      opaque: i % 2 === 0,
    }));
    const coverage = new Coverage();
    for (const { at, opaque } of marks) coverage.mark(at, at + 6, opaque ? 'opaque' : 'parsed');
    const ranges = coverage.ranges();
    const gaps = coverage.gaps(1_000_000);
    expect(ranges).toHaveLength(100_000);
    expect(gaps).toHaveLength(100_000);
  });
});
