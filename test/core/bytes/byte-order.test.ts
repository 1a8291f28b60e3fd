import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { inByteOrder } from '../../../src/core/bytes/byte-order.ts';

/** Half of the texts contain what UTF-8 and UTF-16 order differently: surrogate pairs, lone surrogates, and characters between them. */
const text = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc
    .array(fc.constantFrom('a', 'z', 'é', '\ud7ff', '\ud800', '\udfff', '\ue000', '\ufb01', '\uffff', '\u{1f600}'))
    .map((units) => units.join('')),
);

describe('byte order', () => {
  it('is the order of the UTF-8 bytes, and stable for equal texts', () => {
    fc.assert(
      fc.property(fc.array(text, { maxLength: 12 }), (texts) => {
        const items = texts.map((one, at) => ({ one, at }));
        const expected = [...items].sort((a, b) => Buffer.compare(Buffer.from(a.one), Buffer.from(b.one)));
        expect(inByteOrder(items, ({ one }) => one)).toEqual(expected);
      }),
      { numRuns: 2_000 },
    );
  });
});
