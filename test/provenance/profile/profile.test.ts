import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isAssayError } from '../../../src/core/errors.ts';
import { profileOf, profileText, readDataProfile, recordsOf } from '../../../src/provenance/profile/profile.ts';

const DATA = [{ split: 'train', format: 'csv', bytes: 3, sha256: `sha256:${'a'.repeat(64)}` }];
const bytes = (text: string) => new TextEncoder().encode(text);

describe('a profile of data', () => {
  it('comes back as it was written, in one order', () => {
    const kept = new Map([
      ['data.b', { flagged: 1, of: 9, sketch: { values: [['x', 1]], rest: 0 } }],
      ['data.a', { flagged: 0, of: 9 }],
    ]);
    const text = profileText(profileOf({ version: '0.1.0', data: DATA, rows: 9, kept }));
    const read = readDataProfile(bytes(text), 'x.json');
    expect(profileText(read)).toBe(text);
    expect([...recordsOf(read)]).toEqual([...kept].reverse());
    const reversed = new Map([...kept].reverse());
    expect(profileText(profileOf({ version: '0.1.0', data: DATA, rows: 9, kept: reversed }))).toBe(text);
  });

  it('is refused with its place when it is something else', () => {
    const good = profileOf({
      version: '0.1.0',
      data: DATA,
      rows: 9,
      kept: new Map([['data.a', { flagged: 0, of: 9 }]]),
    });
    const bad: readonly (readonly [unknown, string])[] = [
      [{ ...good, profileVersion: '2' }, '/profileVersion'],
      [{ ...good, rows: -1 }, '/rows'],
      [{ ...good, more: 1 }, 'more'],
      [{ ...good, checks: [{ id: 'data.a', flagged: 0.5, of: 9 }] }, '/checks/0/flagged'],
      [{ ...good, checks: [{ id: '__proto__', flagged: 0, of: 9 }] }, '/checks/0/id'],
      [{ ...good, checks: [{ id: 'data.a', flagged: 0, of: 9, sketch: 'x' }] }, '/checks/0/sketch'],
      [[], '/'],
    ];
    for (const [value, place] of bad) {
      expect(() => readDataProfile(bytes(JSON.stringify(value)), 'x.json'), place).toThrow(
        expect.objectContaining({ code: 'malformed', subject: 'x.json', message: expect.stringContaining(place) }),
      );
    }
    const deep = `{"profileVersion":${'['.repeat(100)}${']'.repeat(100)}}`;
    expect(() => readDataProfile(bytes(deep), 'x.json')).toThrow(expect.objectContaining({ code: 'limit' }));
  });

  it('throws nothing but its own error, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array(), fc.json().map(bytes)), (any) => {
        try {
          readDataProfile(any, 'x.json');
        } catch (error) {
          expect(isAssayError(error)).toBe(true);
        }
      }),
    );
  });
});
