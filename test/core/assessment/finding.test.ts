import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fingerprint } from '../../../src/core/assessment/finding.ts';

const part = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: fc.constantFrom('1', ':', ';', 'a', '\ud800', '\udc01') }),
);
const parts = fc.tuple(part, part, part, part);

describe('a fingerprint', () => {
  it('is 32 hex digits, the same for the same finding', () => {
    fc.assert(
      fc.property(parts, ([rule, file, member, subject]) => {
        const name = fingerprint(rule, file, member, subject);
        expect(name).toMatch(/^[0-9a-f]{32}$/);
        expect(fingerprint(rule, file, member, subject)).toBe(name);
      }),
    );
  });

  it('differs for different findings', () => {
    fc.assert(
      fc.property(parts, parts, (a, b) => {
        fc.pre(a.some((text, i) => text !== b[i]));
        expect(fingerprint(...a)).not.toBe(fingerprint(...b));
      }),
      { numRuns: 2_000 },
    );
  });

  it('distinguishes parts that are equal when joined', () => {
    const names = [
      fingerprint('ab', 'c', '', 'd'),
      fingerprint('a', 'bc', '', 'd'),
      fingerprint('a', 'b', 'c', 'd'),
      fingerprint('a', 'b', '', 'cd'),
      fingerprint('a;1:b', '', 'c', 'd'),
    ];
    expect(new Set(names).size).toBe(names.length);
  });

  it('distinguishes names that UTF-8 cannot encode', () => {
    const names = ['\ud800', '\ud801', '\ufffd', '"\\ud800"', 'a\ud800', '\ud800a'].map((subject) =>
      fingerprint('rule', 'file', undefined, subject),
    );
    expect(new Set(names).size).toBe(names.length);
  });

  it('can be computed by other programs', () => {
    const framed = '4:rule;9:model.pkl;0:;9:os.system;';
    expect(fingerprint('rule', 'model.pkl', undefined, 'os.system')).toBe(
      createHash('sha256').update(framed).digest('hex').slice(0, 32),
    );
  });

  it('is that of the file when there is no member', () => {
    expect(fingerprint('rule', 'file', undefined, 'x')).toBe(fingerprint('rule', 'file', '', 'x'));
  });
});
