import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { inByteOrder } from '../../../src/core/bytes/byte-order.ts';

/** Half of them with what UTF-8 and UTF-16 order differently: surrogate pairs, lone surrogates, and what lies between. */
const text = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc
    .array(fc.constantFrom('a', 'z', 'é', '\ud7ff', '\ud800', '\udfff', '\ue000', '\ufb01', '\uffff', '\u{1f600}'))
    .map((units) => units.join('')),
);

describe('the order of bytes', () => {
  it('is that of the UTF-8 of the texts, and keeps what is equal as it came', () => {
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
